"""Django's backend for MySQL, whose `i...` lookups ignore case whatever the collation."""
