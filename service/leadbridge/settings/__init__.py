"""The configuration: one YAML file, read with positions, every problem reported at once.

`loading` reads it, `models` says what may stand in it, `schema` and `reference` describe it to editors and people.
Nothing is imported here, so that a stage which needs one model does not pull in every vendor.
"""
