// swift-tools-version: 6.2
import PackageDescription

/// C kernels are optimised in debug builds too: tests run the real model.
let optimised: [CSetting] = [.unsafeFlags(["-O3"])]

/// As are the targets that count, parse and scan: the tests read whole corpora.
let optimisedSwift: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdHTTP2: Target.Dependency = .product(name: "HummingbirdHTTP2", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
func nio(_ name: String) -> Target.Dependency { .product(name: name, package: "swift-nio") }
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1: Target.Dependency = .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
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
    .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
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
      name: "CCmark", path: "Sources/Native/CCmark",
      providers: [.apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"])]),
    .systemLibrary(
      name: "CXML", path: "Sources/Native/CXML", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
    .systemLibrary(name: "CZip", path: "Sources/Native/CZip", providers: [.apt(["libzip-dev"])]),

    // Core
    .target(name: "Domain", path: "Sources/Core/Domain"),
    .target(name: "Security", dependencies: ["Domain", crypto, cryptoExtras], path: "Sources/Core/Security"),
    .target(
      name: "TextAnalysis", dependencies: ["Domain", "CText"], path: "Sources/Core/TextAnalysis",
      swiftSettings: optimisedSwift),
    .target(
      name: "Embedding", dependencies: ["Domain", "CKernels", crypto],
      path: "Sources/Core/Embedding", swiftSettings: optimisedSwift),
    .target(
      name: "SearchIndex", dependencies: ["CKernels"], path: "Sources/Core/SearchIndex",
      swiftSettings: optimisedSwift),
    .target(
      name: "Store", dependencies: ["Domain", "Security", grdb, grdbSQLite, log], path: "Sources/Core/Store"),
    .target(
      name: "Retrieval",
      dependencies: ["Domain", "Security", "TextAnalysis", "Embedding", "SearchIndex", log],
      path: "Sources/Core/Retrieval"),
    .target(
      name: "Knowledge",
      dependencies: [
        "Domain", "Security", "TextAnalysis", "Embedding", "SearchIndex", "Retrieval", "CCmark", "CXML",
        "CZip", crypto, log, yams,
      ],
      path: "Sources/Core/Knowledge", swiftSettings: optimisedSwift),
    .target(
      name: "Evaluation", dependencies: ["Domain", "Retrieval", "Knowledge"], path: "Sources/Core/Evaluation"),

    // Layers
    .target(
      name: "Conversation", dependencies: ["Domain", "Security", "Retrieval", log],
      path: "Sources/Layers/Conversation"),

    // Edge
    .target(
      name: "Gateway",
      dependencies: [
        "Domain", "Security", "SearchIndex", "Retrieval", "Knowledge", "Conversation", hummingbird,
        hummingbirdCore,
        hummingbirdHTTP2, httpTypes, nioHTTPTypes, nioHTTPTypesHTTP1, nio("NIOCore"), nio("NIOHTTP1"),
        nio("NIOPosix"), nio("NIOTLS"), nio("NIOWebSocket"), nioSSL,
        httpClient, log, metrics, lifecycle,
      ],
      path: "Sources/Edge/Gateway"),
    .executableTarget(
      name: "frontdesk",
      dependencies: [
        "Domain", "Security", "TextAnalysis", "Embedding", "SearchIndex", "Store", "Retrieval", "Knowledge",
        "Evaluation", "Conversation", "Gateway", arguments, configuration, log, metrics, lifecycle,
      ],
      path: "Sources/Edge/frontdesk"),

    // Tests
    .target(name: "TestSupport", dependencies: ["Domain"], path: "Tests/TestSupport"),
    .target(
      name: "EngineSupport",
      dependencies: ["Domain", "Embedding", "Store", "Retrieval", "Knowledge", "TestSupport", log],
      path: "Tests/EngineSupport"),
    .testTarget(name: "ArchitectureTests", path: "Tests/ArchitectureTests"),
    .testTarget(
      name: "SecurityTests", dependencies: ["Security", "Domain", "TestSupport", crypto, cryptoExtras],
      path: "Tests/SecurityTests"),
    .testTarget(
      name: "TextAnalysisTests", dependencies: ["TextAnalysis", "Domain", "TestSupport"],
      path: "Tests/TextAnalysisTests"),
    .testTarget(
      name: "EmbeddingTests", dependencies: ["Embedding", "Domain", "TestSupport", "CKernels", "COpenBLAS"],
      path: "Tests/EmbeddingTests"),
    .testTarget(
      name: "SearchIndexTests", dependencies: ["SearchIndex", "CKernels", "TestSupport"],
      path: "Tests/SearchIndexTests"),
    .testTarget(
      name: "StoreTests", dependencies: ["Store", "Security", "Domain", "TestSupport", grdb],
      path: "Tests/StoreTests"),
    .testTarget(
      name: "RetrievalTests",
      dependencies: [
        "Retrieval", "Embedding", "Knowledge", "SearchIndex", "TextAnalysis", "Domain", "EngineSupport",
        "TestSupport",
      ],
      path: "Tests/RetrievalTests"),
    .testTarget(
      name: "KnowledgeTests",
      dependencies: [
        "Knowledge", "Retrieval", "Embedding", "Domain", "EngineSupport", "TestSupport", "CZip", crypto, log,
      ],
      path: "Tests/KnowledgeTests"),
    .testTarget(
      name: "EvaluationTests",
      dependencies: ["Evaluation", "Retrieval", "Knowledge", "Domain", "EngineSupport", "TestSupport"],
      path: "Tests/EvaluationTests"),
    .testTarget(
      name: "GatewayTests",
      dependencies: [
        "Gateway", "Conversation", "Store", "Retrieval", "Knowledge", "Embedding", "Evaluation", "Domain",
        "Security",
        "TestSupport",
        crypto, cryptoExtras, hummingbird, hummingbirdTesting, httpTypes, nio("NIOPosix"), nio("NIOCore"),
        nioSSL, httpClient, log,
        metrics, lifecycle,
      ],
      path: "Tests/GatewayTests"),
  ],
  swiftLanguageModes: [.v6]
)
