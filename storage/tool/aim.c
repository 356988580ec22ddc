#include "storage/tool/aim.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/aim.h"
#include "storage/api/messages.h"
#include "storage/people.h"
#include "storage/tool/console.h"

static const char advice[] =
    "The keypad must not be in the picture. Look at it now: in the browser, "
    "as an\n"
    "operator, Cameras, Aim (for ten minutes; each look is entered). If the "
    "keypad is\n"
    "there, turn the camera or mask it in the camera: on its own page, under "
    "a name\n"
    "such as privacy mask or privacy zone (Image, Video or Event), cover the "
    "keypad and\n"
    "the way of the fingers, save, and look again. What the camera masks "
    "never comes\n"
    "here.\n";

int camera_aim(const struct config *conf, const char *by, const char *id,
    const char *reason, bool from_stdin)
{
	char credential[CREDENTIAL_MAX + 2];
	struct wire w;

	if (!ask_credential("Your", from_stdin, credential, sizeof(credential)))
		return EXIT_FAILED;
	wire_begin(&w, MSG_AIM_OPEN, 1);
	wire_put_str(&w, by);
	wire_put_str(&w, credential);
	wire_put_str(&w, id);
	wire_put_str(&w, reason);
	crypt_wipe(credential, sizeof(credential));
	if (!tool_call(conf, &w))
		return EXIT_FAILED;
	printf("operators may look through camera %s now; each look is "
	       "entered\n",
	    id);
	return EXIT_FINE;
}

static bool say_keypad(const struct config *conf, const char *id,
    enum keypad keypad)
{
	struct wire w;

	wire_begin(&w, MSG_KEYPAD, 1);
	wire_put_str(&w, id);
	wire_put_u8(&w, (uint8_t)keypad);
	return tool_call(conf, &w);
}

int camera_keypad(const struct config *conf, const char *id, const char *where)
{
	enum keypad keypad = keypad_of(where);

	if (keypad == KEYPAD_UNKNOWN) {
		fprintf(stderr,
		    "saqta: the keypad is outside, masked or visible, not "
		    "\"%.40s\"\n",
		    where);
		return EXIT_USAGE;
	}
	if (!say_keypad(conf, id, keypad))
		return EXIT_FAILED;
	if (keypad == KEYPAD_VISIBLE)
		fputs(advice, stdout);
	return EXIT_FINE;
}

void camera_ask_keypad(const struct config *conf, const char *id)
{
	char said[16];

	fputs(advice, stdout);
	while (isatty(STDIN_FILENO) &&
	    ask_line("Where is the keypad: outside (the picture), masked (by "
		     "the camera),\n"
		     "visible, or Enter if you do not know yet",
		said, sizeof(said)) &&
	    *said) {
		enum keypad keypad = keypad_of(said);

		if (keypad != KEYPAD_UNKNOWN && say_keypad(conf, id, keypad))
			return;
	}
	printf("Then say where it is: saqta camera keypad %s "
	       "outside|masked|visible\n",
	    id);
}
