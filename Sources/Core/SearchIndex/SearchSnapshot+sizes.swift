extension SearchSnapshot {
  /// Encoded bytes by section of the files, summed over all segments.
  public var sectionBytes: [String: Int] {
    var bytes: [String: Int] = [:]
    for view in content.views {
      for file in [view.segment.lexical.file, view.segment.vectors?.file].compactMap({ $0 }) {
        for section in file.sections {
          guard let id = SectionID(rawValue: section.id) else { continue }
          bytes["\(id)", default: 0] += Int(section.length)
        }
      }
    }
    return bytes
  }
}
