"""Mail by SMTP.

``smtp_login``  connecting and logging in, by yagmail, with certificates that are checked
``replies``     what a server's answer means
``wire``        lines over a connection, without ever blocking
``session``     the conversation over one connection
``courier``     carries letters over one connection at a time
``pool``        the channel: several couriers, one basket of letters, one thread
"""

from __future__ import annotations
