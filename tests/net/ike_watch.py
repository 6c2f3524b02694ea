#!/usr/bin/env python3
"""ike_watch.py DEVICE FILE: a line for each IKE message on this device: its exchange, "request" or
"response", its message ID, the SPI of the initiator, and "sent" or "heard". Runs until it is ended."""
import socket
import struct
import sys

NAMES = {34: 'IKE_SA_INIT', 35: 'IKE_AUTH', 36: 'CREATE_CHILD_SA', 37: 'INFORMATIONAL'}
ETH_P_IP, UDP, IP_AT, OUTGOING = 0x0800, 17, 14, 4


def ike_of(frame):
    """The IKE message in an Ethernet frame, or None (IPv4 without fragments)."""
    if struct.unpack('!H', frame[12:14])[0] != ETH_P_IP or frame[IP_AT + 9] != UDP:
        return None
    udp = frame[IP_AT + (frame[IP_AT] & 15) * 4:]
    ports, data = struct.unpack('!HH', udp[:4]), udp[8:]
    if 4500 in ports:
        if data[:4] != b'\0\0\0\0':
            return None
        data = data[4:]
    elif 500 not in ports:
        return None
    return data if len(data) >= 28 else None


def main():
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((sys.argv[1], 0))
    with open(sys.argv[2], 'w', encoding='ascii') as out:
        print('ready', file=out, flush=True)
        while True:
            frame, where = s.recvfrom(65536)
            ike = ike_of(frame)
            if ike is None:
                continue
            side = 'response' if ike[19] & 0x20 else 'request'
            message_id = struct.unpack('!I', ike[20:24])[0]
            way = 'sent' if where[2] == OUTGOING else 'heard'
            print(NAMES.get(ike[18], ike[18]), side, message_id, ike[:8].hex(), way, file=out,
                  flush=True)


main()
