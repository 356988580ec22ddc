/* What root's timer found (storage/host.h): the words of others, read strictly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "storage/host.h"

static void clock_of(const char *text, struct host *h)
{
	*h = (struct host){.taken_s = 1};
	host_parse_clock(text, strlen(text), h);
}

static void the_clocks_source_and_offset_are_taken(void **state)
{
	struct host h;

	(void)state;
	clock_of("source ntp.bank.example\nsynchronised yes\n"
		 "offset -0.000123\n",
	    &h);
	assert_string_equal(h.source, "ntp.bank.example");
	assert_int_equal(h.synced, HOST_YES);
	assert_true(h.has_offset && h.offset_s < 0 && h.offset_s > -0.001);
}

static void what_a_clock_does_not_say_is_not_known(void **state)
{
	struct host h;

	(void)state;
	clock_of("", &h);
	assert_int_equal(h.synced, HOST_MAYBE);
	clock_of("synchronised perhaps\noffset nan\nsource \"a\x01\xff\\b\n",
	    &h);
	assert_int_equal(h.synced, HOST_MAYBE);
	assert_false(h.has_offset);
	assert_string_equal(h.source, "ab");
	clock_of("offset 1e300\nsynchronised no", &h);
	assert_false(h.has_offset);
	assert_int_equal(h.synced, HOST_NO);
}

/* As Linux 6.1 prints it: Documentation/admin-guide/md.rst. */
static const char mdstat[] =
    "Personalities : [raid1] [raid6] [raid5] [raid4]\n"
    "md1 : active raid1 sdb2[1](F) sda2[0]\n"
    "      1046528 blocks super 1.2 [2/1] [U_]\n"
    "      bitmap: 1/1 pages [4KB], 65536KB chunk\n"
    "\n"
    "md0 : active (auto-read-only) raid6 sdf1[5] sde1[4] sdd1[2] sdc1[0]\n"
    "      8001310720 blocks super 1.2 level 6, 512k chunk, algorithm 2 [4/4] "
    "[UUUU]\n"
    "      [=>...........]  resync =  5.0% (1/20) finish=1.0min speed=1K/sec\n"
    "\n"
    "md127 : inactive sdg1[0](S)\n"
    "      1046528 blocks super 1.2\n"
    "\n"
    "unused devices: <none>\n";

static void an_array_that_lacks_a_disk_is_told_from_a_whole_one(void **state)
{
	struct host h = {.taken_s = 1};

	(void)state;
	host_parse_mdstat(mdstat, strlen(mdstat), &h);
	assert_int_equal(h.arrays_n, 3);
	assert_string_equal(h.arrays[0].name, "md1");
	assert_string_equal(h.arrays[0].level, "raid1");
	assert_int_equal(h.arrays[0].disks, 2);
	assert_int_equal(h.arrays[0].missing, 1);
	assert_int_equal(h.arrays[1].disks, 4);
	assert_int_equal(h.arrays[1].missing, 0);
	assert_true(h.arrays[1].active);
	assert_false(h.arrays[2].active);
}

static void this_machines_own_arrays_are_read(void **state)
{
	char text[HOST_FILE_MAX];
	struct host h = {.taken_s = 1};
	FILE *f = fopen("/proc/mdstat", "r");
	size_t n = f ? fread(text, 1, sizeof(text), f) : 0;

	(void)state;
	if (f)
		fclose(f);
	host_parse_mdstat(text, n, &h);
	assert_true(h.arrays_n <= HOST_ARRAYS_MAX);
}

static void no_more_arrays_than_there_is_room_for(void **state)
{
	char text[4096] = "";
	struct host h = {.taken_s = 1};

	(void)state;
	for (int i = 0; i < 30; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "md%d : active raid1 sda[0]\n      1 blocks [9/99] [U]\n",
		    i);
	host_parse_mdstat(text, strlen(text), &h);
	assert_int_equal(h.arrays_n, HOST_ARRAYS_MAX);
	assert_int_equal(h.arrays[0].disks, 0);
}

/* smartctl 7.3 --json -i -H -A, of what is looked at. */
static const char ata[] =
    "{\"json_format_version\":[1,0],\"model_name\":\"WDC WD40PURX\","
    "\"smart_status\":{\"passed\":true},\"temperature\":{\"current\":34},"
    "\"power_on_time\":{\"hours\":20123},\"ata_smart_attributes\":{\"revision\""
    ":16,\"table\":[{\"id\":5,\"name\":\"Reallocated_Sector_Ct\",\"raw\":"
    "{\"value\":8,\"string\":\"8\"}},{\"id\":197,\"name\":"
    "\"Current_Pending_Sector\",\"raw\":{\"value\":2,\"string\":\"2\"}}]}}";
static const char nvme[] =
    "{\"model_name\":\"SAMSUNG MZVL2512\",\"smart_status\":{\"passed\":false,"
    "\"nvme\":{\"value\":4}},\"nvme_smart_health_information_log\":"
    "{\"percentage_used\":97},\"temperature\":{\"current\":41}}";

static void a_disk_says_how_it_is(void **state)
{
	struct host_disk d = {.name = "sda"};

	(void)state;
	assert_true(host_parse_smart(ata, strlen(ata), &d));
	assert_string_equal(d.name, "sda");
	assert_string_equal(d.model, "WDC WD40PURX");
	assert_int_equal(d.healthy, HOST_YES);
	assert_int_equal(d.celsius, 34);
	assert_int_equal(d.hours, 20123);
	assert_int_equal(d.reallocated, 8);
	assert_int_equal(d.pending, 2);
	assert_true(d.worn_percent == HOST_UNKNOWN);
	assert_true(host_parse_smart(nvme, strlen(nvme), &d));
	assert_int_equal(d.healthy, HOST_NO);
	assert_int_equal(d.worn_percent, 97);
	assert_true(d.pending == HOST_UNKNOWN);
}

static void a_disk_that_says_nothing_is_none(void **state)
{
	static const char *const texts[] = {"", "{", "[]", "{}", "null",
	    "{\"smart_status\":true}", "{\"smart_status\":{\"passed\":1}}",
	    "{\"smart_status\":{\"passed\":true},\"smart_status\":{}}"};
	struct host_disk d = {.name = "sda", .hours = 7};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_false(host_parse_smart(texts[i], strlen(texts[i]), &d));
		assert_int_equal(d.hours, 7);
	}
}

static void numbers_that_are_none_are_not_known(void **state)
{
	static const char text[] =
	    "{\"smart_status\":{\"passed\":true},\"temperature\":{\"current\":"
	    "\"hot\"},\"power_on_time\":{\"hours\":-5},\"ata_smart_attributes\""
	    ":{\"table\":[{\"id\":5},{\"id\":197,\"raw\":{\"value\":1.5}},7]}}";
	struct host_disk d = {.name = "sda"};

	(void)state;
	assert_true(host_parse_smart(text, strlen(text), &d));
	assert_true(d.celsius == HOST_UNKNOWN && d.hours == HOST_UNKNOWN);
	assert_true(d.reallocated == HOST_UNKNOWN && d.pending == HOST_UNKNOWN);
}

static void without_the_directory_there_are_no_facts(void **state)
{
	struct host h;

	(void)state;
	host_read("/nonexistent/saqta", &h);
	assert_true(h.taken_s == HOST_UNKNOWN);
	assert_int_equal(h.arrays_n + h.disks_n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_clocks_source_and_offset_are_taken),
	    cmocka_unit_test(what_a_clock_does_not_say_is_not_known),
	    cmocka_unit_test(
		an_array_that_lacks_a_disk_is_told_from_a_whole_one),
	    cmocka_unit_test(this_machines_own_arrays_are_read),
	    cmocka_unit_test(no_more_arrays_than_there_is_room_for),
	    cmocka_unit_test(a_disk_says_how_it_is),
	    cmocka_unit_test(a_disk_that_says_nothing_is_none),
	    cmocka_unit_test(numbers_that_are_none_are_not_known),
	    cmocka_unit_test(without_the_directory_there_are_no_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
