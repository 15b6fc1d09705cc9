declare module 'kafkajs-snappy' {
  import type { CompressionCodecs, CompressionTypes } from 'kafkajs'

  const snappy: (typeof CompressionCodecs)[CompressionTypes.Snappy]
  export = snappy
}
