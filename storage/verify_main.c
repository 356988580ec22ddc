/* verify_main.c - saqta-verify: `saqta verify` alone, for outsiders. */
#include "storage/api/log.h"
#include "storage/tool/verify.h"

int main(int argc, char **argv)
{
	log_name("saqta-verify");
	return tool_verify(argc, argv);
}
