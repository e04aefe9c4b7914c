"""The inside of a make-believe host: the walls around it and its first process. Standard library only; it starts alone."""
