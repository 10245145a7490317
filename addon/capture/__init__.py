"""Recording attention from a running torch model. The only room that imports torch."""
