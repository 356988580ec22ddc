#!/bin/bash
# Runs inside the booted system (run): before and after it is booted again.
set -u
failed=0
conf=/etc/saqta/saqta.conf
units="saqta-storage saqta-recorder saqta-web"

tell()		# STATUS TITLE [DETAIL]
{
	[ "$1" = 0 ] && echo "ok - $2" && return
	echo "not ok - $2"
	printf '%s\n' "${3:-}" | sed 's/^/  /'
	failed=1
}
check()		# TITLE COMMAND...: true by its exit status
{
	local title=$1 out
	shift
	out=$("$@" 2>&1)
	tell $? "$title" "$out"
}
until_true()	# SECONDS COMMAND...
{
	local end=$((SECONDS + $1 * ${SLOW:-1}))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -ge $end ] && return 1
		sleep 0.3
	done
}
pid() { systemctl show -p MainPID --value "$1"; }
recording() { saqta camera list --json | tr -d ' ' | grep -q '"state":"recording"'; }
all_active() { systemctl is-active -q $units; }
others() { for u in $units; do [ "$u" = "$1" ] || pid "$u"; done; }
renewed() { [ "$(pid "$1")" != "$2" ] && systemctl is-active -q "$1"; }

install_it()
{
	dpkg-query -W saqta >/dev/null 2>&1 ||	# tests/machine has it by now
		check "the package installs" dpkg -i /mnt/saqta.deb
	tell "$(systemctl is-failed -q $units && echo 1 || echo 0)" \
		"before saqta init no unit has failed"
	check "and none runs, for there is nothing to do" \
		bash -c "! systemctl is-active -q saqta-web"
	for u in $units; do
		check "$u is a system user that cannot log in" \
			bash -c "getent passwd $u | grep -q nologin"
	done
	sed -i 's/^;demo = no/demo = yes/; s/^;segment_s = 60/segment_s = 5/;
		s/^;reserve_mb = 1024/reserve_mb = 64/' $conf
	check "saqta init makes a site" bash -c "echo 'eleven grey mountains' |
		saqta init --origin booted.invalid/box --custodian aigul \
		--paper-file /root/paper --factor-file /root/factor -"
	check "P1 what it made belongs to storage alone" bash -c \
		"! find /var/lib/saqta/data ! -user saqta-storage | grep ."
	check "the configuration has no error" saqta config check
	check "the units start" systemctl start $units
	check "all are active" all_active
	check "the page answers" until_true 20 \
		curl -ksf https://127.0.0.1:8443/healthz
	until_true 20 saqta camera add --id cam1 --name Cam --atm 0417 \
		--place Here "$(cat /mnt/url)"
	check "saqta-alert waits for its token" \
		bash -c "systemctl start saqta-alert && ! systemctl is-failed -q saqta-alert"
	check "what root puts there nobody else can read" bash -c \
		"[ \"\$(stat -c '%a %U' /etc/saqta/alert)\" = '700 root' ]"
	echo saqta_not_a_good_one >/etc/saqta/alert/token
	systemctl start saqta-alert
	check "and starts when it is there, behind its walls" \
		until_true 10 systemctl is-active -q saqta-alert
	check "doctor answers as monitoring plugins do" \
		bash -c "saqta doctor --json | grep -q '\"findings\"'"
	check "P9 the camera is recording" until_true 60 recording
	check "the status line says it" until_true 30 bash -c \
		"systemctl status saqta-storage | grep -q '1/1 cameras recording'"
}

walls()
{
	for u in $units; do
		p=$(pid $u)
		check "$u: no capability, no new privilege, system calls filtered" \
			bash -c "grep -q '^CapEff:.*0000000000000000' /proc/$p/status &&
			grep -q '^NoNewPrivs:.*1' /proc/$p/status &&
			grep -q '^Seccomp:.*2' /proc/$p/status"
		check "P1 $u: no core dump" bash -c \
			"grep -q '^Max core file size *0 *0 ' /proc/$p/limits"
		check "P1 $u: no swap" bash -c \
			"[ \"\$(systemctl show -p MemorySwapMax --value $u)\" = 0 ]"
	done
	check "storage has no network but its own loopback" bash -c \
		"[ \"\$(nsenter -t $(pid saqta-storage) -n ip -o link |
			cut -d: -f2 | tr -d ' ')\" = lo ]"
	check "the recorder reaches private networks only" \
		bash -c "systemctl show -p IPAddressDeny --value saqta-recorder | grep -q '0.0.0.0/0'"
	for u in saqta-recorder saqta-web; do
		check "P1 $u cannot reach the footage" bash -c \
			"! nsenter -t $(pid $u) -m ls /var/lib/saqta/data/footage"
	done
	check "the system is read-only to storage" bash -c \
		"! nsenter -t $(pid saqta-storage) -m touch /usr/x"
	check "each program tried what it must not, and could do none of it" \
		bash -c "! journalctl -q -u 'saqta-*' |
		grep -e 'only a demonstration may' -e 'which it must not'"
}

# Without its wall storage refuses, but for a demonstration.
refuses()
{
	local dir=/run/systemd/system/saqta-storage.service.d
	mkdir -p $dir
	printf '[Service]\nPrivateNetwork=no\nRestrictAddressFamilies=\n' \
		>$dir/open.conf
	sed -i 's/^demo = yes/demo = no/' $conf
	systemctl daemon-reload
	systemctl restart saqta-storage 2>/dev/null
	check "P1 storage with a network does not start, and says where to look" \
		bash -c "! systemctl is-active -q saqta-storage &&
		journalctl -q -u saqta-storage |
		grep -q 'reach a network, which it must not.*systemctl cat'"
	rm -r $dir
	systemctl daemon-reload
	check "behind its walls, and as no demonstration, it does" bash -c \
		"systemctl restart saqta-storage"
	sed -i 's/^demo = no/demo = yes/' $conf
	systemctl restart saqta-storage
}

crashes()
{
	for u in $units; do
		p=$(pid $u) o=$(others $u)
		[ "$p" -gt 1 ] && kill -9 "$p"
		check "$u is started anew after kill -9" until_true 40 renewed $u "$p"
		[ "$o" = "$(others $u)" ]
		tell $? "P8 nobody else dies with $u"
	done
	check "P9 the camera records again" until_true 90 recording
	mkdir -p /run/systemd/system/saqta-storage.service.d
	printf '[Service]\nWatchdogSec=4\n' \
		>/run/systemd/system/saqta-storage.service.d/short.conf
	systemctl daemon-reload
	systemctl restart saqta-storage
	p=$(pid saqta-storage)
	[ "$p" -gt 1 ] && kill -STOP "$p"
	check "the watchdog ends a storage that hangs, and it starts anew" \
		until_true 40 renewed saqta-storage "$p"
	rm -r /run/systemd/system/saqta-storage.service.d
	systemctl daemon-reload
	check "P9 the camera records once more" until_true 90 recording
}

# Keys that only this machine opens, in the place of files.
# Disks that were mounted while storage ran; none is taken in.
volumes()
{
	local d
	for d in /srv/elsewhere /srv/saqta/two; do
		mkdir -p $d && mount -t tmpfs -o mode=755 tmpfs $d
	done
	chown saqta-storage: /srv/elsewhere
	check "P2 a disk that would be away after the next start is refused" \
		bash -c "! saqta volume add /srv/elsewhere 2>/root/why &&
		grep -q ReadWritePaths=/srv/elsewhere /root/why"
	check "one below /srv/saqta lacks its owner only" \
		bash -c "! saqta volume add /srv/saqta/two 2>/root/why &&
		grep -q 'chown saqta-storage' /root/why"
	umount /srv/elsewhere /srv/saqta/two
}

credentials()
{
	local store=/etc/credstore.encrypted web=/var/lib/saqta/web
	local log=/var/lib/saqta/data/ledger/log.key
	mkdir -p $store
	check "systemd-creds encrypts the keys" bash -c "
		systemd-creds encrypt --with-key=host --name=saqta-web.tls.key \
			$web/tls.key $store/saqta-web.tls.key &&
		systemd-creds encrypt --with-key=host \
			--name=saqta-storage.log.key $log \
			$store/saqta-storage.log.key"
	rm -f $web/tls.key $log
	systemctl restart saqta-storage saqta-web
	check "web answers with a key that is a credential" until_true 20 \
		curl -ksf https://127.0.0.1:8443/healthz
	check "P10 storage signs with a key that is one" until_true 40 bash -c \
		"saqta status --json | tr -d ' \n' |
		grep -q '\"checkpoint\":[1-9]' &&
		! journalctl -q -u saqta-storage --since=-60s |
		grep -q 'stay unsigned' && ! [ -e $log ]"
}

# What root's timers do, and what the journal says of it.
watching()
{
	check "root's timer looks at the machine" systemctl start saqta-host
	check "and its files are there for storage" bash -c \
		"[ -s /run/saqta-host/taken ] && [ -e /run/saqta-host/mdstat ]"
	check "the timer is waiting for its next look" \
		systemctl is-active -q saqta-host.timer
	# as Debian's chrony has it; the real one would set the host's clock
	install -d -m 700 -o nobody /run/chrony
	cat >/usr/local/bin/chronyc <<-'end'
		#!/bin/sh
		: >/run/chrony/chronyc.sock && rm /run/chrony/chronyc.sock &&
		echo 0A000001,ntp.bank,3,1,0.0001,0,0,0,0,0,0,0,16,Normal
	end
	chmod 755 /usr/local/bin/chronyc
	check "chrony is asked at its own socket" bash -c "
		systemctl start saqta-host &&
		grep -qx 'synchronised yes' /run/saqta-host/clock &&
		grep -qx 'source ntp.bank' /run/saqta-host/clock"
	rm -r /usr/local/bin/chronyc /run/chrony
	mkdir -p /var/backups/saqta
	chown saqta-storage: /var/backups/saqta
	printf '[storage]\nbackup = /var/backups/saqta\n' \
		>/etc/saqta/conf.d/backup.conf
	check "the nightly backup is made behind its walls" \
		systemctl start saqta-backup
	check "and it is an age file that storage alone reads" bash -c \
		"head -c 21 /var/backups/saqta/saqta-*.age |
		grep -q age-encryption.org && [ \"\$(stat -c %a \
		/var/backups/saqta/saqta-*.age)\" = 600 ]"
	check "the catalogue explains what the journal says" bash -c \
		"journalctl -q -x -u saqta-storage SAQTA_KIND=ready |
		grep -q 'It has opened what it needs and answers'"
	while IFS=: read -r l says; do
		check "... in the language of $l" env LOCPATH=/mnt/locale \
			"LANG=$l.UTF-8" bash -c "journalctl -q -x \
			-u saqta-storage SAQTA_KIND=ready | grep -q '$says'"
	done <<-'end'
		ru_RU:Она открыла всё нужное и отвечает
		kk_KZ:Ол қажеттінің бәрін ашты және жауап береді
	end
	printf '[web]\nprot = 1\n' >/etc/saqta/conf.d/bad.conf
	systemctl restart saqta-web || :
	while IFS=: read -r l says; do
		check "why a program does not start, in the language of $l" \
			until_true 20 env LOCPATH=/mnt/locale "LANG=$l.UTF-8" \
			bash -c "journalctl -q -x -u saqta-web \
			SAQTA_KIND=start-configuration | grep -q '$says'"
	done <<-'end'
		C:its configuration has a mistake
		ru_RU:ошибка в настройках
		kk_KZ:баптауында қате бар
	end
	rm /etc/saqta/conf.d/bad.conf
	check "and it starts by itself once that is mended" until_true 30 \
		curl -ksf https://127.0.0.1:8443/healthz
	check "what the log says of a camera has the camera as a field" \
		bash -c "journalctl -q -u saqta-storage SAQTA_CAMERA=cam1 |
		grep -q 'camera cam1: a gap begins'"
}

again()
{
	check "after a boot all are active by themselves" until_true 30 all_active
	check "P9 the camera is recording" until_true 90 recording
	check "P10 the whole disk proves itself" saqta check --data /var/lib/saqta/data
	p=$(pid saqta-storage)
	check "the package upgrades over itself" dpkg -i /mnt/saqta.deb
	check "and runs anew" until_true 30 renewed saqta-storage "$p"
	check "P9 it still records" until_true 90 recording
	segments=$(find /var/lib/saqta/data/footage -name '*.age' | wc -l)
	systemctl stop saqta-storage
	check "P2 saqta destroy leaves what is within its term" bash -c \
		"echo booted.invalid/box | saqta destroy - 2>&1 |
		grep -q 'within their'"
	mv /var/lib/saqta/data /srv/bank
	ln -s /srv/bank /var/lib/saqta/data	# for what is looked at below
	sed -i '/^\[storage\]/a data = /srv/bank ; a disk of its own' \
		/etc/saqta/saqta.conf
	check "the package is purged" bash -c \
		"dpkg --purge saqta >/root/purged 2>&1"
	check "and says where the footage lies, and what may destroy it" \
		bash -c "grep -q 'stay where they are: /srv/bank' \
		/root/purged && grep -q 'saqta destroy' /root/purged"
	[ "$(find /var/lib/saqta/data/footage -name '*.age' | wc -l)" -ge "$segments" ] &&
		[ -e /var/lib/saqta/data/site ]
	tell $? "P2 purging removes no footage"
	check "and neither ledger nor keyring" bash -c \
		"[ -s /var/lib/saqta/data/ledger/checkpoint ] &&
		[ -s /var/lib/saqta/data/keyring/keyring.age ]"
	check "configuration and programs are gone" bash -c \
		"! [ -e /etc/saqta ] && ! command -v saqta"
}

case $1 in
machine) install_it; [ $failed = 0 ] && walls && crashes ;; # tests/machine
before) install_it; [ $failed = 0 ] && walls && refuses && crashes && volumes && credentials && watching ;;
after) again ;;
esac
[ $failed = 0 ] || journalctl -q --no-pager -n 60 -u 'saqta-*'
exit $failed
