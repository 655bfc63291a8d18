"""Jobs: what retainctl does by itself, when, and what came of it.

``table``     the table of jobs: the program's own and the shop's
``periods``   which periods of a job are due (pure)
``locking``   one run of a job at a time, on one host and on several
``steps``     one step as a process of its own, with a deadline
``pings``     telling a health check that a run began and how it ended
``records``   the row that each run leaves, and what the rows say of each job
``running``   running one job, or all that are due
``news``      what stops a job before it can leave a row, told once a day
``crontab``, ``units``   the table in cron's words and in systemd's; ``install_files`` puts it there,
``access``    and whether their user can run them
"""

from __future__ import annotations
