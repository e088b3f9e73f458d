"""The authorities that tests trust, read once."""

import httpx

TRUST = httpx.create_ssl_context()  # takes longer to make than most requests
