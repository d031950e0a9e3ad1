"""Where the site is written: each target takes whole snapshots, and never an older one."""
