#!/usr/bin/env python3
"""long_road.py DEVICE MILLISECONDS: makes the TUN device; each packet that is routed into it comes
out of it again, in its turn, so much later. Says "ready", and runs until it is ended."""
import collections
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 1, 0x1000
PACKETS_MAX = 20000  # under way at once; more are lost


def main():
    tun = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack('16sH22x', sys.argv[1].encode(), IFF_TUN | IFF_NO_PI))
    late = int(sys.argv[2]) / 1000
    under_way = collections.deque()
    print('ready', flush=True)
    while True:
        wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
        if select.select([tun], [], [], wait)[0]:
            packet = os.read(tun, 65536)
            if len(under_way) < PACKETS_MAX:
                under_way.append((time.monotonic() + late, packet))
        while under_way and under_way[0][0] <= time.monotonic():
            os.write(tun, under_way.popleft()[1])


main()
