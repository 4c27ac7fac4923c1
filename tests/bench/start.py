"""What the Python ancestor of such a program does at its start: two imports, a connection, a room.

Argument: the connection string. Prints the name of the room once it is stored.
"""

import secrets
import sys

from cryptography.fernet import Fernet
from pymongo import MongoClient

client = MongoClient(sys.argv[1])
room = secrets.token_hex(8)
client.get_default_database()["python"].insert_one({"_id": room, "key": Fernet.generate_key()})
print(room, flush=True)
client.close()
