"""What the service answers over HTTP, whichever framework carries it."""
