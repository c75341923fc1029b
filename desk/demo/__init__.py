"""The demo clinic: invented patients, drawn photographs."""
