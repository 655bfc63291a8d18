"""Mail by SMTP.

``smtp_login``  connecting and logging in with yagmail, with checked certificates
``replies``     what a server's reply means
``wire``        lines over a non-blocking connection
``session``     the SMTP dialogue over one connection
``courier``     sends letters over one connection at a time
``pool``        the channel: several couriers with one shared queue, in one thread
"""

from __future__ import annotations
