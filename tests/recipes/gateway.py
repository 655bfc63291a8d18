"""A gateway: each message is posted to it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from retainctl.errors import Unavailable
from retainctl.outreach.channels import Letter, Outcome


def posted(url: str) -> Callable[[Letter], Outcome]:
    """A channel's one call, to the gateway at *url*."""

    def send(letter: Letter) -> Outcome:
        try:
            with urlopen(Request(url, letter.payload, {"To": letter.to_address}), timeout=0.5) as answer:
                return Outcome("sent", "taken", answer.status)
        except HTTPError as error:
            return Outcome("deferred" if error.code >= 500 else "failed", error.reason, error.code)
        except TimeoutError:
            return Outcome("unknown", "no answer came")
        except URLError as error:
            raise Unavailable(f"the gateway does not answer: {error.reason}") from None

    return send
