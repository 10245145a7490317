"""The kinds of drawn things: what an expression is made of, one file for each."""
