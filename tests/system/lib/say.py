"""The lines that tests/run reads."""
import sys
import traceback

status = 0


def test(title, ok, *why):
    """Say whether it holds; what is known where it does not."""
    global status
    print("%sok - %s" % ("" if ok else "not ", title), flush=True)
    if not ok:
        status = 1
        for reason in why:
            print("  %s" % (reason,), flush=True)
    return ok


def skip(title, why):
    print("ok - %s # SKIP %s" % (title, why), flush=True)


def told(story):
    """Run the story; what stops it is a failure with its place."""
    try:
        story()
    except Exception as error:
        test("the story comes to its end", False, repr(error),
             traceback.format_exc())


def main(story):
    told(story)
    sys.exit(status)
