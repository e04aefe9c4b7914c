"""The nouns: frozen values, events, enums, ids and errors. No verbs, no third-party libraries, no I/O."""
