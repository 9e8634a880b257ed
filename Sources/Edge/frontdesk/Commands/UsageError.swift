import ArgumentParser

/// A command called wrongly: exit code 2. (Domain has a `ValidationError` of its own.)
typealias UsageError = ArgumentParser.ValidationError
