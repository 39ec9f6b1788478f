# What the exercise asks of a student: may USER go on? exercise.py SOCKET USER
import sys

import redis

LIMIT = 10**6  # here nobody is refused
WINDOW = 600

connection = redis.Redis(unix_socket_path=sys.argv[1])
key = "connexions:" + sys.argv[2]
used = connection.get(key)
if used is not None and int(used) >= LIMIT:
    print("refused")
    sys.exit(1)
if connection.incr(key) == 1:
    connection.expire(key, WINDOW)
print("allowed")
