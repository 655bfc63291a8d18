"""Telling a health check that a run began, and how it ended. What it answers changes nothing."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from retainctl.config import Shop

TIMEOUT_SECONDS = 10
TRIES = 3


def ping(shop: Shop, job: str, word: str) -> str:
    """GET ``ping_url/word``, where ``{job}`` in the address is the job's name; '' or what went wrong."""
    if not shop.settings.ping_url:
        return ""
    address = f"{shop.settings.ping_url.replace('{job}', job).rstrip('/')}/{word}"
    trouble = ""
    for _ in range(TRIES):
        trouble = _get(address)
        if not trouble:
            return ""
    return f"the health check of the job {job} was not reached: {trouble}"


def _get(address: str) -> str:
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return "" if 200 <= status < 300 else f"HTTP status {status}"
