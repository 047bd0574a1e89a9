"""Tasks and a job for the tests of the worker, which other processes can import, too."""

import os
import time

from newsroom import background

#: What was done in this process.
DONE = []


class Refused(Exception):
    """Somebody said to come back later."""

    retry_after = 90.0


def write(path, text):
    with open(path, "a") as file:
        file.write(f"{text}\n")


@background.task()
def remember(what):
    DONE.append(what)
    return what


@background.task(takes_context=True)
def count_attempts(context):
    DONE.append(context.attempt)
    if context.attempt < 3:
        raise ValueError("Not yet")


@background.task(retry=background.Retry(attempts=3, base=10, cap=15))
def fail(what):
    DONE.append(what)
    raise ValueError("It will never do.")


@background.task()
def be_refused():
    raise Refused


@background.task()
def end_the_process():
    raise SystemExit("The task says so.")


@background.task()
def answer_with_what_is_no_json():
    return object()


@background.task(retry=background.Retry(base=0.1))
def take_time(path, name, seconds):
    write(path, f"{name} begins")
    time.sleep(seconds)
    write(path, f"{name} ends")


@background.periodic(every=60)
def tick(since, until):
    DONE.append((since, until))
    if "CHORES" in os.environ:
        write(os.environ["CHORES"], "tick")


@background.periodic(every=60, retry=background.Retry(attempts=2, base=4))
def stumble(since, until):
    DONE.append((since, until))
    raise ValueError("It stumbled.")
