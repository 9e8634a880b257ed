/// Restricts a search to chunks by their labels: of each inner list, a chunk must have one label at least.
///
/// Applied inside both halves, so what it hides neither shows nor takes a place. No inner list: no
/// restriction. An empty inner list, or one of labels that nothing has, lets nothing through. Statistics
/// are those of the whole index whatever the filter.
public struct LabelFilter: Sendable, Hashable {
  /// AND of ORs.
  public var all: [[String]]

  public init(all: [[String]] = []) { self.all = all }

  public static let none = LabelFilter()
}
