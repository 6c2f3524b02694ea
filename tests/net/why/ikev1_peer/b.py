#!/usr/bin/env python3
"""A daemon that knows IKEv1 only: a message of another major version is answered with a notification
of version 1 (RFC 2408 5.2): INVALID-MAJOR-VERSION."""
import socket
import struct

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('192.0.2.2', 500))
print('ready', flush=True)
while True:
    message, whence = s.recvfrom(65536)
    if len(message) < 28 or message[17] >> 4 == 1:
        continue
    # next payload 11 (notification), version 1.0, exchange 5 (informational)
    header = message[:16] + struct.pack('!BBBBII', 11, 0x10, 5, 0, 0x51525354, 28 + 12)
    # no payload behind it, 12 octets, IPsec, protocol ISAKMP, no SPI, type 5
    s.sendto(header + struct.pack('!BBHIBBH', 0, 0, 12, 1, 1, 0, 5), whence)
