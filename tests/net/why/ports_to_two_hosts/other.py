#!/usr/bin/env python3
"""A daemon to which port 4500 leads: it knows no IKE SA, and says so (RFC 7296 2.21.4)."""
import socket
import struct

MARKER, INVALID_IKE_SPI = bytes(4), 4

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('192.0.2.2', 4600))
print('ready', flush=True)
while True:
    datagram, whence = s.recvfrom(65536)
    message = datagram[4:]
    if datagram[:4] != MARKER or len(message) < 28 or message[19] & 0x20:
        continue
    # next payload 41 (notify), version 2.0, the same exchange and message ID, a response
    header = message[:16] + struct.pack('!BBBB', 41, 0x20, message[18], 0x20) + message[20:24]
    notify = struct.pack('!BBHBBH', 0, 0, 8, 0, 0, INVALID_IKE_SPI)
    s.sendto(MARKER + header + struct.pack('!I', 36) + notify, whence)
