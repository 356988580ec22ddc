-- index.db: a view of ledger, journals and files that can be rebuilt, plus
-- people, texts behind commitments, and camera settings.
-- Times are UTC nanoseconds. Enumerations are those of api/values.h.
CREATE TABLE camera(
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	atm TEXT NOT NULL,
	place TEXT NOT NULL,
	url TEXT NOT NULL,		-- never with credentials
	transport INTEGER NOT NULL,
	sealed BLOB NOT NULL,		-- credentials, sealed to the recorder
	enabled INTEGER NOT NULL,
	added_ns INTEGER NOT NULL,
	next_seq INTEGER NOT NULL,	-- of its next segment
	state INTEGER NOT NULL,		-- what the recorder said last
	cause INTEGER NOT NULL,
	since_ns INTEGER NOT NULL,
	detail TEXT NOT NULL,
	certificate TEXT NOT NULL DEFAULT '' -- pinned fingerprint (rtsps)
) STRICT, WITHOUT ROWID;

-- What stood where, from-to. Place, ATM, camera position and device are apart:
-- footage and its term belong to the position (camera.id) alone.
CREATE TABLE stood(
	kind INTEGER NOT NULL,		-- enum stood_kind
	key TEXT NOT NULL,		-- camera.id, or an ATM
	from_ns INTEGER NOT NULL,
	to_ns INTEGER,			-- NULL: still
	value TEXT NOT NULL,		-- device's URL, ATM, or place
	detail TEXT NOT NULL,		-- what a device is
	PRIMARY KEY(kind, key, from_ns)
) STRICT, WITHOUT ROWID;

CREATE TABLE segment(
	camera TEXT NOT NULL,
	seq INTEGER NOT NULL,
	day TEXT NOT NULL,		-- local day of its start: its key, its journal
	start_ns INTEGER NOT NULL,
	end_ns INTEGER NOT NULL,	-- of an open one: its start
	bytes INTEGER NOT NULL,		-- of the age file
	state INTEGER NOT NULL,		-- enum segment_state
	fragments INTEGER NOT NULL,
	flags INTEGER NOT NULL,
	retain_ns INTEGER NOT NULL,	-- only grows (P2)
	proof INTEGER NOT NULL,		-- enum segment_proof (P9)
	record INTEGER NOT NULL,	-- number of its begin record in the journal
	entry INTEGER NOT NULL,		-- ledger entry, -1 while open
	volume INTEGER NOT NULL DEFAULT 0, -- its number (storage/volume.h)
	PRIMARY KEY(camera, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX segment_time ON segment(camera, start_ns, end_ns);
CREATE INDEX segment_open ON segment(camera) WHERE state = 1;

-- What was erased when its term ended: from ledger entries 48 and 49.
CREATE TABLE erasure(
	camera TEXT NOT NULL,
	day TEXT NOT NULL,
	from_ns INTEGER NOT NULL,
	to_ns INTEGER NOT NULL,
	erasing INTEGER NOT NULL,	-- ledger entry "erasing"
	entry INTEGER NOT NULL,		-- "erased", -1 while under way
	method INTEGER NOT NULL,	-- enum erase_method
	PRIMARY KEY(camera, erasing)
) STRICT, WITHOUT ROWID;

-- Sums of a camera's local day, kept by the triggers below: months at a glance,
-- forecasts, what is due. Segments that are still open do not count.
CREATE TABLE camera_day(
	camera TEXT NOT NULL,
	day TEXT NOT NULL,
	segments INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	recorded_ns INTEGER NOT NULL,
	flags INTEGER NOT NULL,		-- OR of all there ever were
	retain_ns INTEGER NOT NULL,	-- the latest there ever was
	due_ns INTEGER NOT NULL,	-- the earliest there ever was
	PRIMARY KEY(camera, day)
) STRICT, WITHOUT ROWID;

-- Closed segments of one local day, volume and the same flags that follow one
-- another; a hole or an overlap of more than 100 ms (COVERAGE_JOIN_NS) ends a
-- run. What months looked like is told from these, kept by the triggers, too.
-- A segment that is lost is in none.
CREATE TABLE run(
	camera TEXT NOT NULL,
	first_seq INTEGER NOT NULL,
	last_seq INTEGER NOT NULL,
	from_ns INTEGER NOT NULL,
	to_ns INTEGER NOT NULL,
	day TEXT NOT NULL,
	flags INTEGER NOT NULL,
	volume INTEGER NOT NULL,
	PRIMARY KEY(camera, first_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_time ON run(camera, from_ns);

-- A closed segment comes: its day's sums, and the run before it goes on, or one
-- begins. One that stands in a run already (it was closed, and opened by hand)
-- stays there. The same twice: for one that is put, and for one that was open.
CREATE TRIGGER segment_in AFTER INSERT ON segment WHEN NEW.state != 1 BEGIN
	INSERT INTO camera_day VALUES(NEW.camera, NEW.day, 1, NEW.bytes,
	    NEW.end_ns - NEW.start_ns, NEW.flags, NEW.retain_ns, NEW.retain_ns)
	ON CONFLICT(camera, day) DO UPDATE SET segments = segments + 1,
	    bytes = bytes + excluded.bytes,
	    recorded_ns = recorded_ns + excluded.recorded_ns,
	    flags = flags | excluded.flags,
	    retain_ns = max(retain_ns, excluded.retain_ns),
	    due_ns = min(due_ns, excluded.due_ns);
	UPDATE run SET last_seq = NEW.seq, to_ns = NEW.end_ns
	WHERE NEW.state != 5 AND camera = NEW.camera AND
	    first_seq = (SELECT max(first_seq) FROM run
		WHERE camera = NEW.camera AND first_seq < NEW.seq) AND
	    last_seq = NEW.seq - 1 AND day = NEW.day AND
	    flags = NEW.flags AND volume = NEW.volume AND
	    NEW.start_ns >= from_ns AND NEW.end_ns >= to_ns AND
	    abs(NEW.start_ns - to_ns) <= 100000000;
	INSERT INTO run SELECT NEW.camera, NEW.seq, NEW.seq,
	    NEW.start_ns, NEW.end_ns, NEW.day, NEW.flags, NEW.volume
	WHERE NEW.state != 5 AND NOT EXISTS (SELECT 1 FROM run
	    WHERE camera = NEW.camera AND first_seq = (SELECT max(first_seq)
		FROM run WHERE camera = NEW.camera AND first_seq <= NEW.seq) AND
		last_seq >= NEW.seq);
END;
CREATE TRIGGER segment_sealed AFTER UPDATE ON segment
WHEN OLD.state = 1 AND NEW.state != 1 BEGIN
	INSERT INTO camera_day VALUES(NEW.camera, NEW.day, 1, NEW.bytes,
	    NEW.end_ns - NEW.start_ns, NEW.flags, NEW.retain_ns, NEW.retain_ns)
	ON CONFLICT(camera, day) DO UPDATE SET segments = segments + 1,
	    bytes = bytes + excluded.bytes,
	    recorded_ns = recorded_ns + excluded.recorded_ns,
	    flags = flags | excluded.flags,
	    retain_ns = max(retain_ns, excluded.retain_ns),
	    due_ns = min(due_ns, excluded.due_ns);
	UPDATE run SET last_seq = NEW.seq, to_ns = NEW.end_ns
	WHERE NEW.state != 5 AND camera = NEW.camera AND
	    first_seq = (SELECT max(first_seq) FROM run
		WHERE camera = NEW.camera AND first_seq < NEW.seq) AND
	    last_seq = NEW.seq - 1 AND day = NEW.day AND
	    flags = NEW.flags AND volume = NEW.volume AND
	    NEW.start_ns >= from_ns AND NEW.end_ns >= to_ns AND
	    abs(NEW.start_ns - to_ns) <= 100000000;
	INSERT INTO run SELECT NEW.camera, NEW.seq, NEW.seq,
	    NEW.start_ns, NEW.end_ns, NEW.day, NEW.flags, NEW.volume
	WHERE NEW.state != 5 AND NOT EXISTS (SELECT 1 FROM run
	    WHERE camera = NEW.camera AND first_seq = (SELECT max(first_seq)
		FROM run WHERE camera = NEW.camera AND first_seq <= NEW.seq) AND
		last_seq >= NEW.seq);
END;
CREATE TRIGGER segment_changed AFTER UPDATE ON segment
WHEN OLD.state != 1 AND (OLD.bytes != NEW.bytes OR OLD.end_ns != NEW.end_ns
    OR OLD.start_ns != NEW.start_ns OR OLD.retain_ns != NEW.retain_ns) BEGIN
	UPDATE camera_day SET bytes = bytes - OLD.bytes + NEW.bytes,
	    recorded_ns = recorded_ns - (OLD.end_ns - OLD.start_ns) +
		(NEW.end_ns - NEW.start_ns),
	    retain_ns = max(retain_ns, NEW.retain_ns)
	WHERE camera = NEW.camera AND day = NEW.day;
END;

-- A closed segment goes: what follows it in its run becomes a run of its own,
-- what stands before it ends. One that is lost or changed goes likewise; where
-- it is still footage it is then a run of itself.
CREATE TRIGGER segment_moved AFTER UPDATE ON segment
WHEN OLD.state != 1 AND (OLD.end_ns != NEW.end_ns
    OR OLD.start_ns != NEW.start_ns OR OLD.flags != NEW.flags
    OR OLD.volume != NEW.volume OR OLD.day != NEW.day
    OR (OLD.state = 5) != (NEW.state = 5)) BEGIN
	INSERT OR REPLACE INTO run SELECT camera, OLD.seq + 1, last_seq,
	    ifnull((SELECT start_ns FROM segment
		WHERE camera = OLD.camera AND seq = OLD.seq + 1), from_ns),
	    to_ns, day, flags, volume
	FROM run WHERE camera = OLD.camera AND last_seq > OLD.seq AND
	    first_seq = (SELECT max(first_seq) FROM run
		WHERE camera = OLD.camera AND first_seq <= OLD.seq);
	UPDATE run SET last_seq = OLD.seq - 1,
	    to_ns = ifnull((SELECT end_ns FROM segment
		WHERE camera = OLD.camera AND seq = OLD.seq - 1), to_ns)
	WHERE camera = OLD.camera AND last_seq >= OLD.seq AND
	    first_seq = (SELECT max(first_seq) FROM run
		WHERE camera = OLD.camera AND first_seq < OLD.seq);
	DELETE FROM run WHERE camera = OLD.camera AND first_seq = OLD.seq;
	INSERT OR REPLACE INTO run SELECT NEW.camera, NEW.seq, NEW.seq,
	    NEW.start_ns, NEW.end_ns, NEW.day, NEW.flags, NEW.volume
	WHERE NEW.state != 5;
END;
CREATE TRIGGER segment_out AFTER DELETE ON segment WHEN OLD.state != 1 BEGIN
	UPDATE camera_day SET segments = segments - 1,
	    bytes = bytes - OLD.bytes,
	    recorded_ns = recorded_ns - (OLD.end_ns - OLD.start_ns)
	WHERE camera = OLD.camera AND day = OLD.day;
	DELETE FROM camera_day WHERE camera = OLD.camera AND day = OLD.day
	AND segments = 0;
	INSERT OR REPLACE INTO run SELECT camera, OLD.seq + 1, last_seq,
	    ifnull((SELECT start_ns FROM segment
		WHERE camera = OLD.camera AND seq = OLD.seq + 1), from_ns),
	    to_ns, day, flags, volume
	FROM run WHERE camera = OLD.camera AND last_seq > OLD.seq AND
	    first_seq = (SELECT max(first_seq) FROM run
		WHERE camera = OLD.camera AND first_seq <= OLD.seq);
	UPDATE run SET last_seq = OLD.seq - 1,
	    to_ns = ifnull((SELECT end_ns FROM segment
		WHERE camera = OLD.camera AND seq = OLD.seq - 1), to_ns)
	WHERE camera = OLD.camera AND last_seq >= OLD.seq AND
	    first_seq = (SELECT max(first_seq) FROM run
		WHERE camera = OLD.camera AND first_seq < OLD.seq);
	DELETE FROM run WHERE camera = OLD.camera AND first_seq = OLD.seq;
END;

CREATE TABLE gap(
	camera TEXT NOT NULL,
	from_ns INTEGER NOT NULL,
	to_ns INTEGER,			-- NULL: still open
	cause INTEGER NOT NULL,
	noticed_ns INTEGER NOT NULL,
	PRIMARY KEY(camera, from_ns)
) STRICT, WITHOUT ROWID;

CREATE TABLE person(
	id INTEGER PRIMARY KEY,
	user TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	role INTEGER NOT NULL,
	created_ns INTEGER NOT NULL,
	recipient TEXT NOT NULL,	-- age1...
	sign_key BLOB NOT NULL,
	signer INTEGER NOT NULL,	-- 0: an operator, not signed
	signature BLOB NOT NULL,
	sealed BLOB NOT NULL,		-- the seed under the password
	ended_ns INTEGER NOT NULL,	-- 0: active
	first INTEGER NOT NULL		-- the password is somebody else's choice
) STRICT;

CREATE TABLE request(
	id TEXT PRIMARY KEY,
	requester INTEGER NOT NULL,
	created_ns INTEGER NOT NULL,
	from_ns INTEGER NOT NULL,
	to_ns INTEGER NOT NULL,
	cameras TEXT NOT NULL,		-- ids, one space between
	reason TEXT NOT NULL,
	case_no TEXT NOT NULL,
	state INTEGER NOT NULL,		-- enum request_state
	decider INTEGER NOT NULL,
	decided_ns INTEGER NOT NULL,
	granted_from_ns INTEGER NOT NULL,
	granted_to_ns INTEGER NOT NULL,
	granted_cameras TEXT NOT NULL,
	ends_ns INTEGER NOT NULL,
	decision_reason TEXT NOT NULL,
	entry INTEGER NOT NULL,
	decision_entry INTEGER NOT NULL,
	reason_code INTEGER NOT NULL DEFAULT 0, -- storage/people.h
	until_ns INTEGER NOT NULL DEFAULT 0 -- end that was asked for; 0: none
) STRICT, WITHOUT ROWID;

-- Requests that nobody has made yet: for who writes them alone, in no entry. What
-- is not said is 0, "" or, of the reason code, -1.
CREATE TABLE draft(
	id INTEGER PRIMARY KEY,
	person INTEGER NOT NULL,
	saved_ns INTEGER NOT NULL,
	from_ns INTEGER NOT NULL,
	to_ns INTEGER NOT NULL,
	cameras TEXT NOT NULL,		-- ids, one space between
	reason TEXT NOT NULL,
	case_no TEXT NOT NULL,
	longer TEXT NOT NULL,		-- why more than five minutes
	reason_code INTEGER NOT NULL,	-- storage/people.h
	rights INTEGER NOT NULL,	-- enum right
	until_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX draft_person ON draft(person);

-- Texts behind salted commitments in the ledger: can be erased, the entry stays.
CREATE TABLE text(
	entry INTEGER NOT NULL,
	tag INTEGER NOT NULL,
	salt BLOB NOT NULL,
	text TEXT NOT NULL,
	PRIMARY KEY(entry, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE lease(
	entry INTEGER PRIMARY KEY,
	person INTEGER NOT NULL,
	request TEXT NOT NULL,
	camera TEXT NOT NULL,
	from_ns INTEGER NOT NULL,
	to_ns INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	closed INTEGER NOT NULL
) STRICT;

CREATE TABLE setting(
	name TEXT PRIMARY KEY,
	value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- Evidence packages; the file is exports/<id>.age, for its requester alone.
CREATE TABLE export(
	id TEXT PRIMARY KEY,
	request TEXT NOT NULL,
	person INTEGER NOT NULL,
	state INTEGER NOT NULL,		-- enum export_state
	created_ns INTEGER NOT NULL,
	ready_ns INTEGER NOT NULL,	-- 0: not yet
	ends_ns INTEGER NOT NULL,	-- then it is erased
	bytes INTEGER NOT NULL,		-- of the ZIP
	sha256 BLOB NOT NULL,		-- of the ZIP
	lost INTEGER NOT NULL DEFAULT 0, -- gaps of it that were recorded once
	why INTEGER NOT NULL DEFAULT 0	-- enum err, of one that failed
) STRICT, WITHOUT ROWID;

-- Tokens of other programs (storage/token.h); only a hash of each is kept.
CREATE TABLE token(
	id INTEGER PRIMARY KEY,		-- number of the entry that made it
	hash BLOB NOT NULL UNIQUE,	-- SHA-256
	name TEXT NOT NULL,
	scopes INTEGER NOT NULL,	-- bits of enum scope
	maker INTEGER NOT NULL,
	created_ns INTEGER NOT NULL,
	ends_ns INTEGER NOT NULL,
	ended_ns INTEGER NOT NULL,	-- 0: not ended by anybody
	used_ns INTEGER NOT NULL	-- a minute late at most; 0: never
) STRICT;

-- Notes and snapshots of a request, from ledger entries 105 and 106; a note's
-- words stand in text.
CREATE TABLE mark(
	entry INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL,		-- enum mark_kind
	request TEXT NOT NULL,
	person INTEGER NOT NULL,
	made_ns INTEGER NOT NULL,
	camera TEXT NOT NULL,
	at_ns INTEGER NOT NULL,		-- the picture's own time
	sha256 BLOB NOT NULL		-- of a snapshot's file, else zeros
) STRICT;
CREATE INDEX mark_request ON mark(request);

-- The clock of an ATM's journal beside the video's, from ledger entries 103
-- (storage/align.h): a piece holds until the next one of that ATM begins.
CREATE TABLE alignment(
	entry INTEGER PRIMARY KEY,
	person INTEGER NOT NULL,	-- 0: nobody, an import told of a jump
	atm TEXT NOT NULL,
	from_ns INTEGER NOT NULL,	-- by the journal's clock
	made_ns INTEGER NOT NULL,
	offset_ms INTEGER NOT NULL,	-- to be added to the journal's time
	uncertainty_ms INTEGER NOT NULL,
	samples INTEGER NOT NULL,
	jump_ms INTEGER NOT NULL	-- from what held before; 0: none
) STRICT;

-- What a request asks for: enum right; a request without a row: to view.
CREATE TABLE request_rights(
	request TEXT PRIMARY KEY,
	rights INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
