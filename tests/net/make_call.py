#!/usr/bin/env python3
"""make_call.py PID NUMBER: have that process make this system call, with arguments of 0.

As an intruder would: the process, which waits for something, is stopped (ptrace) and let go again in
front of the instruction by which it waits, with another call in its registers. It takes the result
for that of its own call. For x86-64; needs root."""
import ctypes
import os
import platform
import sys
import time

PTRACE_GETREGS, PTRACE_SETREGS, PTRACE_ATTACH, PTRACE_DETACH = 12, 13, 16, 17
NAMES = ('r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss '
         'fs_base gs_base ds es fs gs').split()
SYSCALL = b'\x0f\x05'
WAIT_S = 5


class Registers(ctypes.Structure):
    """struct user_regs_struct of sys/user.h."""
    _fields_ = [(name, ctypes.c_ulonglong) for name in NAMES]


libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, data=None):
    """ptrace(2), or an exception."""
    if libc.ptrace(request, pid, None, data) == -1:
        raise OSError(ctypes.get_errno(), f'ptrace {request}: {os.strerror(ctypes.get_errno())}')


def stopped(pid):
    """Wait until it is."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG | 0x40000000)  # __WALL
        if done == pid and os.WIFSTOPPED(status):
            return
        time.sleep(0.01)
    raise TimeoutError(f'{pid} does not stop')


def waits_at(pid, rip):
    """The instruction of the call that it waits in."""
    with open(f'/proc/{pid}/mem', 'rb') as mem:
        mem.seek(rip - len(SYSCALL))
        if mem.read(len(SYSCALL)) != SYSCALL:
            raise LookupError(f'{pid} does not wait in a system call')
    return rip - len(SYSCALL)


def main():
    """See above."""
    pid, number = int(sys.argv[1]), int(sys.argv[2])
    if platform.machine() != 'x86_64':
        sys.exit('make_call.py: for x86-64')
    registers = Registers()
    ptrace(PTRACE_ATTACH, pid)
    stopped(pid)
    ptrace(PTRACE_GETREGS, pid, ctypes.addressof(registers))
    for name in ('rdi', 'rsi', 'rdx', 'r10', 'r8', 'r9'):
        setattr(registers, name, 0)
    registers.rax, registers.rip = number, waits_at(pid, registers.rip)
    registers.orig_rax = 2 ** 64 - 1  # the call that it waits in is not begun again
    ptrace(PTRACE_SETREGS, pid, ctypes.addressof(registers))
    ptrace(PTRACE_DETACH, pid)


main()
