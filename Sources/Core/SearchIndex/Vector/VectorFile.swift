import CKernels
import Foundation

/// The vector file of a segment, opened: int8 codes to scan, binary16 values to rescore, of one model.
struct VectorFile {
  let file: SegmentFile
  let chunks: Int
  /// Floats a vector.
  let dimension: Int
  let count: Int
  /// First vector of each chunk, and the end: a chunk's vectors lie together.
  let offsets: PackedArray<UInt32>
  /// Value of one step of a vector's codes.
  let scales: PackedArray<UInt32>
  private let codes: ByteView
  private let halves: ByteView

  /// Bytes a row of codes, padded with zeros.
  static func stride(_ dimension: Int) -> Int {
    let alignment = Int(FD_CODE_ALIGNMENT)
    return (dimension + alignment - 1) / alignment * alignment
  }

  /// - Throws: corrupt, also where the file is of another model.
  init(_ bytes: StoredBytes, model: String, dimension: Int, chunks: Int) throws(SearchIndexError) {
    file = try SegmentFile(bytes, kind: .vectors)
    let info = try PackedArray<UInt64>(file.checkedSection(.info), count: 3, "counts")
    guard info[0] == UInt64(chunks), info[1] == UInt64(dimension), info[2] < UInt64(UInt32.max) else {
      throw .corrupt("a vector file of \(info[0]) chunks and dimension \(info[1])")
    }
    guard try file.checkedSection(.model).buffer.elementsEqual(model.utf8) else {
      throw .corrupt("a vector file of another model")
    }
    self.chunks = chunks
    self.dimension = dimension
    count = Int(info[2])
    offsets = try PackedArray(file.section(.vectorOffsets), count: chunks + 1, "vector offsets")
    scales = try PackedArray(file.section(.scales), count: count, "scales")
    codes = try file.section(.codes)
    halves = try file.section(.halves)
    guard codes.count == count * Self.stride(dimension), halves.count == count * dimension * 2 else {
      throw .corrupt("a vector file of \(codes.count) bytes of codes and \(halves.count) of values")
    }
  }

  /// Vectors of a run of chunks; empty on damage, and always within the file.
  func vectors(of chunks: Range<Int>) -> Range<Int> {
    let first = Int(offsets[chunks.lowerBound])
    let end = Int(offsets[chunks.upperBound])
    return first <= end && end <= count ? first..<end : 0..<0
  }

  func codes(_ vectors: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(vectors.lowerBound >= 0 && vectors.upperBound <= count)
    let stride = Self.stride(dimension)
    return UnsafeRawBufferPointer(
      start: codes.start + vectors.lowerBound * stride, count: vectors.count * stride)
  }

  func halves(_ vectors: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(vectors.lowerBound >= 0 && vectors.upperBound <= count)
    return UnsafeRawBufferPointer(
      start: halves.start + vectors.lowerBound * dimension * 2, count: vectors.count * dimension * 2)
  }
}

extension VectorFile {
  /// Writes a vector's numbers.
  func values(of vector: Int, into values: UnsafeMutablePointer<Float>) {
    guard let row = halves(vector..<vector + 1).baseAddress else { return }
    fd_half_to_float(row.assumingMemoryBound(to: UInt16.self), values, dimension)
  }
}

/// A run of vectors to be copied from a file.
struct VectorSource {
  let file: VectorFile
  let vectors: Range<Int>
}

/// Writes a vector file.
struct VectorFileWriter {
  private let file: SegmentFileWriter

  /// - Parameter offsets: the first vector of each chunk, and the end.
  init(_ file: SegmentFileWriter, model: String, dimension: Int, offsets: [UInt32]) {
    self.file = file
    file.write(.model, Array(model.utf8))
    file.write(.info, [offsets.count - 1, dimension, Int(offsets[offsets.count - 1])].map(UInt64.init))
    file.write(.vectorOffsets, offsets)
  }

  /// Quantises and writes vectors given as binary16 bits, in runs in the order of the chunks.
  func write(halves runs: [ArraySlice<UInt16>], dimension: Int) {
    let stride = VectorFile.stride(dimension)
    var scales: [Float] = []
    var values = [Float](repeating: 0, count: dimension)
    var row = [Int8](repeating: 0, count: stride)
    file.begin(.codes)
    for run in runs {
      run.withUnsafeBufferPointer { halves in
        for first in Swift.stride(from: 0, to: halves.count, by: dimension) {
          fd_half_to_float(halves.baseAddress! + first, &values, dimension)
          scales.append(fd_quantise_i8(values, dimension, &row))
          file.append(row)
        }
      }
    }
    file.end()
    file.begin(.scales)
    file.append(scales)
    file.end()
    file.begin(.halves)
    for run in runs { run.withUnsafeBytes { file.append($0) } }
    file.end()
  }

  /// Copies vectors from other files, as they are.
  ///
  /// - Throws: the first failure to write.
  func copy(_ sources: [VectorSource]) throws(SearchIndexError) {
    file.begin(.codes)
    for source in sources {
      file.append(source.file.codes(source.vectors))
      try file.check()
    }
    file.end()
    file.begin(.scales)
    for source in sources { file.append(source.file.scales.bytes(source.vectors)) }
    file.end()
    file.begin(.halves)
    for source in sources {
      file.append(source.file.halves(source.vectors))
      try file.check()
    }
    file.end()
  }
}
