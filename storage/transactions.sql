-- transactions.db: what the ATMs' journals say. A file of its own, so that
-- nobody who records waits for it and no copy of index.db has to compare
-- millions of rows; the bank's journals can be imported again.
-- Times are UTC nanoseconds by the journal's clock; enumerations are those of
-- api/transaction.h. Never a full card number.
CREATE TABLE txn(
	id INTEGER PRIMARY KEY,
	key BLOB NOT NULL UNIQUE,	-- its moment and a hash: nothing stands twice
	atm TEXT NOT NULL,
	time_ns INTEGER NOT NULL,
	cash_ns INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	amount INTEGER NOT NULL,	-- hundredths
	currency TEXT NOT NULL,
	result INTEGER NOT NULL,
	bin TEXT NOT NULL,
	last4 TEXT NOT NULL,
	reference TEXT NOT NULL,
	cash INTEGER NOT NULL,
	method INTEGER NOT NULL,	-- of the identity check
	verdict INTEGER NOT NULL,	-- its result
	check_reference TEXT NOT NULL
) STRICT;
-- Each has what filters ask for, so that only rows that fit are looked up.
CREATE INDEX txn_atm ON txn(atm, time_ns, amount, kind, result, verdict);
CREATE INDEX txn_time ON txn(time_ns, amount, kind, result, verdict, atm,
    last4, bin);
CREATE INDEX txn_amount ON txn(amount, time_ns, kind, result, verdict, atm)
    WHERE amount > 0;
CREATE INDEX txn_card ON txn(last4, time_ns, bin) WHERE last4 != '';
CREATE INDEX txn_reference ON txn(reference, time_ns) WHERE reference != '';
-- Of what is rare: most are withdrawals, and approved.
CREATE INDEX txn_kind ON txn(kind, time_ns, amount, result, verdict, atm)
    WHERE kind != 4;
CREATE INDEX txn_result ON txn(result, time_ns, amount, kind, verdict, atm)
    WHERE result > 1;
