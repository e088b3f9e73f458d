"""MongoDB, through Django's backend for it and through its own driver."""
