"""What the pages of both frameworks share."""
