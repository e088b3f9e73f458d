"""What the admins of both frameworks share."""
