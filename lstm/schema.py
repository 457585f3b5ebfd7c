"""The tables of the run store, version by version.

A database says in ``PRAGMA user_version`` how many of these steps it has taken. A step that was
released is never changed; what is new comes in a step of its own. Knows nothing of connections.
"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE corpora (
            key TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            characters INTEGER NOT NULL,
            symbols INTEGER NOT NULL,
            created REAL NOT NULL,
            baselines_begun REAL,
            baselines_done REAL
        )""",
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            name TEXT NOT NULL,
            state TEXT NOT NULL,
            preset TEXT NOT NULL,
            corpus TEXT NOT NULL REFERENCES corpora (key),
            corpus_name TEXT NOT NULL,
            model_config TEXT NOT NULL,
            train_config TEXT NOT NULL,
            created REAL NOT NULL,
            seen REAL NOT NULL,
            started REAL,
            finished REAL,
            deleted REAL,
            kept INTEGER NOT NULL DEFAULT 0,
            turn INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            pid INTEGER,
            pid_started REAL,
            heartbeat REAL,
            reason TEXT,
            step INTEGER NOT NULL DEFAULT 0,
            epoch REAL NOT NULL DEFAULT 0,
            seconds REAL NOT NULL DEFAULT 0,
            learning_rate REAL,
            chars_per_second REAL,
            train_bits REAL,
            last_bits REAL,
            best_bits REAL,
            best_epoch REAL,
            checkpoint_step INTEGER,
            checkpoint_epoch REAL,
            size_bytes INTEGER NOT NULL DEFAULT 0,
            version INTEGER NOT NULL DEFAULT 1
        )""",
        "CREATE INDEX runs_by_owner ON runs (owner, created)",
        "CREATE INDEX runs_by_state ON runs (state, turn)",
        """CREATE TABLE steps (
            run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            n INTEGER NOT NULL,
            step INTEGER NOT NULL,
            epoch REAL NOT NULL,
            seconds REAL NOT NULL,
            loss REAL,
            grad_norm REAL,
            learning_rate REAL NOT NULL,
            chars_per_second REAL NOT NULL,
            PRIMARY KEY (run, n)
        ) WITHOUT ROWID""",
        """CREATE TABLE evaluations (
            run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            evaluation INTEGER NOT NULL,
            step INTEGER NOT NULL,
            epoch REAL NOT NULL,
            seconds REAL NOT NULL,
            train_bits REAL,
            validation_bits REAL,
            best INTEGER NOT NULL,
            PRIMARY KEY (run, evaluation)
        ) WITHOUT ROWID""",
        """CREATE TABLE samples (
            run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            evaluation INTEGER NOT NULL,
            temperature REAL NOT NULL,
            epoch REAL NOT NULL,
            opening TEXT NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (run, evaluation, temperature)
        ) WITHOUT ROWID""",
        """CREATE TABLE notices (
            id INTEGER PRIMARY KEY,
            run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            created REAL NOT NULL,
            step INTEGER NOT NULL,
            message TEXT NOT NULL
        )""",
        "CREATE INDEX notices_by_run ON notices (run, id)",
        """CREATE TABLE commands (
            id INTEGER PRIMARY KEY,
            run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            kind TEXT NOT NULL,
            value REAL,
            created REAL NOT NULL,
            done_at_step INTEGER
        )""",
        "CREATE INDEX commands_by_run ON commands (run, id)",
        """CREATE TABLE baselines (
            corpus TEXT NOT NULL REFERENCES corpora (key) ON DELETE CASCADE,
            key TEXT NOT NULL,
            n INTEGER,
            bits REAL NOT NULL,
            sampled INTEGER NOT NULL,
            PRIMARY KEY (corpus, key)
        ) WITHOUT ROWID""",
    ),
    (
        # When a waiting run stepped aside because no page of its owner was seen for long.
        "ALTER TABLE runs ADD COLUMN aside REAL",
        # The machine of the cluster that it trains on; none: this one.
        "ALTER TABLE runs ADD COLUMN place TEXT",
        # Number of the last batch of events that came from there.
        "ALTER TABLE runs ADD COLUMN recorded INTEGER NOT NULL DEFAULT 0",
        """CREATE TABLE shares (
            token TEXT PRIMARY KEY,
            run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            created REAL NOT NULL
        ) WITHOUT ROWID""",
        "CREATE UNIQUE INDEX shares_by_run ON shares (run)",
        """CREATE TABLE classes (
            code TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            name TEXT NOT NULL,
            created REAL NOT NULL,
            paused REAL,
            closed REAL,
            version INTEGER NOT NULL DEFAULT 1
        ) WITHOUT ROWID""",
        "CREATE INDEX classes_by_owner ON classes (owner, created)",
        # A number stands for a member on the page, where nobody's key may be.
        """CREATE TABLE members (
            class TEXT NOT NULL REFERENCES classes (code) ON DELETE CASCADE,
            owner TEXT NOT NULL,
            number INTEGER NOT NULL,
            name TEXT NOT NULL,
            joined REAL NOT NULL,
            gone REAL,
            PRIMARY KEY (class, owner)
        ) WITHOUT ROWID""",
        """CREATE TABLE class_runs (
            run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
            class TEXT NOT NULL REFERENCES classes (code) ON DELETE CASCADE,
            hidden INTEGER NOT NULL DEFAULT 0,
            held INTEGER NOT NULL DEFAULT 0
        ) WITHOUT ROWID""",
        "CREATE INDEX class_runs_by_class ON class_runs (class)",
        """CREATE TABLE wrong_codes (
            owner TEXT NOT NULL,
            created REAL NOT NULL
        )""",
        "CREATE INDEX wrong_codes_by_time ON wrong_codes (created)",
        """CREATE TABLE quizzes (
            id INTEGER PRIMARY KEY,
            class TEXT NOT NULL REFERENCES classes (code) ON DELETE CASCADE,
            created REAL NOT NULL,
            closed REAL
        )""",
        "CREATE INDEX quizzes_by_class ON quizzes (class)",
        # A passage that is not real was written by a run; none: that run is gone for good.
        """CREATE TABLE questions (
            quiz INTEGER NOT NULL REFERENCES quizzes (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            text TEXT NOT NULL,
            real INTEGER NOT NULL,
            run TEXT REFERENCES runs (id) ON DELETE SET NULL,
            PRIMARY KEY (quiz, number)
        ) WITHOUT ROWID""",
        "CREATE INDEX questions_by_run ON questions (run)",
        """CREATE TABLE answers (
            quiz INTEGER NOT NULL,
            number INTEGER NOT NULL,
            owner TEXT NOT NULL,
            real INTEGER NOT NULL,
            PRIMARY KEY (quiz, number, owner),
            FOREIGN KEY (quiz, number) REFERENCES questions (quiz, number) ON DELETE CASCADE
        ) WITHOUT ROWID""",
        """CREATE TABLE scores (
            class TEXT NOT NULL REFERENCES classes (code) ON DELETE CASCADE,
            owner TEXT NOT NULL,
            game TEXT NOT NULL,
            bits REAL NOT NULL,
            characters INTEGER NOT NULL,
            PRIMARY KEY (class, game, owner)
        ) WITHOUT ROWID""",
        "CREATE INDEX members_by_owner ON members (owner)",
        # The place of each visitor in the line; see ``lstm.turns``.
        """CREATE TABLE turns (
            owner TEXT PRIMARY KEY,
            turn INTEGER NOT NULL
        ) WITHOUT ROWID""",
        # What was cleaned away, until its owner has read it.
        """CREATE TABLE removals (
            id INTEGER PRIMARY KEY,
            owner TEXT NOT NULL,
            name TEXT NOT NULL,
            reason TEXT NOT NULL,
            removed REAL NOT NULL
        )""",
        "CREATE INDEX removals_by_owner ON removals (owner, id)",
        # When somebody last cleaned up; one row.
        "CREATE TABLE rounds (looked REAL NOT NULL)",
    ),
)
"""Statements that lead from each schema version to the next; only ever appended to."""
