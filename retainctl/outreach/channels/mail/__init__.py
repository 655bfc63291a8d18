"""Mail by SMTP.

``logging_in``  connecting and logging in, by yagmail, with certificates that are checked
``replies``     what a server's answer means
``session``     the conversation over one connection
``courier``     a thread that carries letters over one connection at a time
``pool``        the channel: several couriers, one basket of letters
"""

from __future__ import annotations
