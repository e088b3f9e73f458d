"""What a fitted model consists of, what it knows of its columns, and what of it is served."""
