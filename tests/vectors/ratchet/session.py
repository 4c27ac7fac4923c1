"""Makes session.json: a whole session after a handshake, from docs/PROTOCOL.md alone.

A second implementation of the message layer, on the `cryptography` package (its Fernet, X25519 and
HKDF), that shares no code with the program. Run it by hand after a change of the protocol:

    python3 tests/vectors/ratchet/session.py > tests/vectors/ratchet/session.json
"""

import base64
import hashlib
import hmac
import json
import struct

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def lv(*parts):
    out = b""
    for part in parts:
        length = len(part)
        while True:
            length, digit = length >> 7, length & 0x7F
            out += bytes([digit | (0x80 if length else 0)])
            if not length:
                break
        out += part
    return out


def expand(ikm, label, context, length, salt=None):
    info = lv(label.encode()) + context
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(ikm)


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def raw(public):
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def numbered(name, i, length):
    """Bytes that look random and follow from a name and a number."""
    return hashlib.shake_128(f"{name} {i}".encode()).digest(length)


class Side:
    def __init__(self, role, root, own, host_public, host_chain, header_keys):
        self.role, self.own, self.keys, self.ivs = role, own, 0, 0
        self.seq = self.n = self.pn = 0
        self.header_key = header_keys[role]
        self.peer = None
        if role == "host":
            self.root, self.sending = root, host_chain
        else:
            self.root, self.sending = self.turn(root, host_public)
            self.peer = host_public

    def turn(self, root, peer):
        shared = self.own.exchange(X25519PublicKey.from_public_bytes(peer))
        both = expand(shared, "whisper/2 turn", b"", 64, salt=root)
        return both[:32], both[32:]

    def hear(self, peer):
        """A message under another ratchet key has come."""
        if peer == self.peer:
            return
        root, _ = self.turn(self.root, peer)
        self.keys += 1
        self.own = key_pair(self.role, self.keys)
        self.root, self.sending = self.turn(root, peer)
        self.peer, self.pn, self.n = peer, self.n, 0

    def say(self, plaintext):
        key, self.sending = mac(self.sending, b"\x01"), mac(self.sending, b"\x02")
        self.seq += 1
        header = struct.pack(">BIIII", 2, self.seq, self.pn, self.n, 0) + raw(self.own.public_key())
        self.n += 1
        cipher = expand(key, "whisper/2 message", lv(header, TRANSCRIPT), 32)
        iv = numbered(f"{self.role} iv", self.ivs, 16)
        self.ivs += 1
        token = Fernet(base64.urlsafe_b64encode(cipher))._encrypt_from_parts(plaintext, 0, iv)
        head = header + mac(self.header_key, header)[:16]
        return {
            "from": self.role,
            "plaintext": plaintext.hex(),
            "head": head.hex(),
            "token": token.decode(),
        }


def key_pair(role, i):
    return X25519PrivateKey.from_private_bytes(numbered(f"{role} ratchet key", i, 32))


SESSION_KEY = numbered("session key", 0, 64)
TRANSCRIPT = numbered("transcript", 0, 32)


def main():
    def first(label):
        return expand(SESSION_KEY, label, lv(TRANSCRIPT), 32)

    keys = {side: first(f"whisper/2 headers of {side}") for side in ("host", "guest")}
    own = {side: key_pair(side, 0) for side in ("host", "guest")}
    public = raw(own["host"].public_key())
    chain = first("whisper/2 first chain of host")
    sides = {
        side: Side(side, first("whisper/2 root"), own[side], public, chain, keys)
        for side in ("host", "guest")
    }
    # Both begin at once; then they answer each other, with a run of several on either side.
    messages = []
    for turn, (role, count) in enumerate(
        [("host", 2), ("guest", 2), ("host", 1), ("guest", 3), ("guest", 1), ("host", 2)]
    ):
        spoken = []
        for i in range(count):
            text = f"{role} {turn}.{i} ".encode() + b"\xc3\xa9" * (17 * i)
            spoken.append(sides[role].say(text))
        messages.append(spoken)
        # The guest's first messages cross the host's; everything else is heard before the answer.
        other = sides["guest" if role == "host" else "host"]
        if turn > 0:
            other.hear(bytes.fromhex(spoken[0]["head"])[17:49])
    print(json.dumps({
        "sessionKey": SESSION_KEY.hex(),
        "transcript": TRANSCRIPT.hex(),
        "ratchetKeys": {
            side: [numbered(f"{side} ratchet key", i, 32).hex() for i in range(4)] for side in sides
        },
        "ivs": {side: [numbered(f"{side} iv", i, 16).hex() for i in range(8)] for side in sides},
        "messages": messages,
    }, indent=2))


main()
