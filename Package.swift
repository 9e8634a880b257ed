// swift-tools-version: 6.2
import PackageDescription

/// C kernels are optimised in debug builds too: tests run the real model.
let optimised: [CSetting] = [.unsafeFlags(["-O3"])]

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
func nio(_ name: String) -> Target.Dependency { .product(name: name, package: "swift-nio") }
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")

let package = Package(
  name: "frontdesk",
  products: [.executable(name: "frontdesk", targets: ["frontdesk"])],
  dependencies: [
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    // Native: C shims and module maps, one reason each.
    .target(name: "CKernels", path: "Sources/Native/CKernels", cSettings: optimised),
    .target(
      name: "CText", path: "Sources/Native/CText", cSettings: optimised,
      linkerSettings: [.linkedLibrary("icuuc"), .linkedLibrary("icui18n"), .linkedLibrary("stemmer")]),
    .systemLibrary(
      name: "COpenBLAS", path: "Sources/Native/COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "CZip", path: "Sources/Native/CZip", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // Core
    .target(name: "Domain", path: "Sources/Core/Domain"),
    .target(name: "Security", dependencies: ["Domain", crypto], path: "Sources/Core/Security"),
    .target(name: "TextAnalysis", dependencies: ["Domain", "CText"], path: "Sources/Core/TextAnalysis"),
    .target(
      name: "Embedding", dependencies: ["Domain", "TextAnalysis", "CKernels", "COpenBLAS", crypto, log],
      path: "Sources/Core/Embedding"),
    .target(name: "SearchIndex", dependencies: ["CKernels"], path: "Sources/Core/SearchIndex"),
    .target(name: "Store", dependencies: ["Domain", "Security", grdb, log], path: "Sources/Core/Store"),
    .target(
      name: "Retrieval",
      dependencies: ["Domain", "Security", "TextAnalysis", "Embedding", "SearchIndex", log],
      path: "Sources/Core/Retrieval"),
    .target(
      name: "Knowledge",
      dependencies: [
        "Domain", "Security", "TextAnalysis", "Embedding", "SearchIndex", "Retrieval", "CZip",
        crypto, log, yams,
      ],
      path: "Sources/Core/Knowledge"),
    .target(
      name: "Evaluation", dependencies: ["Domain", "Retrieval", "Knowledge"], path: "Sources/Core/Evaluation"),

    // Edge
    .target(
      name: "Gateway",
      dependencies: [
        "Domain", "Security", "Retrieval", "Knowledge", hummingbird, hummingbirdTLS, nio("NIOCore"),
        nio("NIOHTTP1"), nio("NIOPosix"), nioSSL, log, metrics, lifecycle,
      ],
      path: "Sources/Edge/Gateway"),
    .executableTarget(
      name: "frontdesk",
      dependencies: [
        "Domain", "Security", "TextAnalysis", "Embedding", "SearchIndex", "Store", "Retrieval", "Knowledge",
        "Evaluation", "Gateway", arguments, configuration, log, metrics, lifecycle,
      ],
      path: "Sources/Edge/frontdesk"),
  ],
  swiftLanguageModes: [.v6]
)
