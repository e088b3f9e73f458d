"""What the accounts of both frameworks share."""
