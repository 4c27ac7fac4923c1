"""How many Fernet tokens a second Python makes and opens. Arguments: seconds, and sizes in bytes.

Prints one line for each size: tokens made and tokens opened, each a second.
"""

import os
import sys
import time

from cryptography.fernet import Fernet


def rate(action, seconds):
    count = 0
    began = time.perf_counter()
    while True:
        for _ in range(10):
            action()
        count += 10
        elapsed = time.perf_counter() - began
        if elapsed >= seconds:
            return count / elapsed


fernet = Fernet(Fernet.generate_key())
for size in map(int, sys.argv[2:]):
    plaintext = os.urandom(size)
    token = fernet.encrypt(plaintext)
    seconds = float(sys.argv[1])
    print(rate(lambda: fernet.encrypt(plaintext), seconds), rate(lambda: fernet.decrypt(token), seconds))
