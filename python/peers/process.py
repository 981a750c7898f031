"""What the timing programs ask of their own process."""

import os
import time


def process_age_s() -> float:
    """Seconds since this process started, imports included; the kernel counts in hundredths."""
    started = int(open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started
