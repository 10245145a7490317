"""Materials: of elements, of what is inside of cuboids, of type, of the ground and of lines."""
