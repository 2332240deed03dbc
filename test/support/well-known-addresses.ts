// Public addresses whose owners everyone knows, on all continents that have networks: resolvers, universities, national
// networks. What matters in the tests is that they are real, spread out and of both families; where the database says that
// they are is the database's business.

export type WellKnownAddress = { readonly address: string; readonly owner: string };

export const WELL_KNOWN_ADDRESSES: readonly WellKnownAddress[] = [
  // Resolvers
  { address: '8.8.8.8', owner: 'Google Public DNS' },
  { address: '1.1.1.1', owner: 'Cloudflare' },
  { address: '9.9.9.9', owner: 'Quad9' },
  { address: '208.67.222.222', owner: 'OpenDNS' },
  { address: '77.88.8.8', owner: 'Yandex DNS' },
  { address: '114.114.114.114', owner: '114DNS' },
  { address: '223.5.5.5', owner: 'AliDNS' },
  { address: '168.126.63.1', owner: 'KT' },
  { address: '194.150.168.168', owner: 'AS250.net Foundation' },
  { address: '84.200.69.80', owner: 'DNS.WATCH' },
  // Europe
  { address: '81.2.69.142', owner: 'Andrews & Arnold, the London address of many examples' },
  { address: '129.67.1.1', owner: 'University of Oxford' },
  { address: '131.111.8.42', owner: 'University of Cambridge' },
  { address: '129.132.1.1', owner: 'ETH Zürich' },
  { address: '193.0.6.139', owner: 'RIPE NCC' },
  { address: '134.226.1.1', owner: 'Trinity College Dublin' },
  { address: '130.237.28.40', owner: 'KTH Stockholm' },
  { address: '147.83.2.135', owner: 'Universitat Politècnica de Catalunya' },
  { address: '195.113.144.201', owner: 'CESNET' },
  { address: '188.44.50.103', owner: 'Lomonosov Moscow State University' },
  // North America
  { address: '18.7.22.69', owner: 'MIT' },
  { address: '171.64.64.64', owner: 'Stanford University' },
  { address: '128.32.136.9', owner: 'University of California, Berkeley' },
  { address: '128.112.128.15', owner: 'Princeton University' },
  { address: '142.150.190.39', owner: 'University of Toronto' },
  { address: '132.248.10.44', owner: 'UNAM, Mexico' },
  // South America
  { address: '143.107.1.1', owner: 'Universidade de São Paulo' },
  { address: '200.160.0.8', owner: 'NIC.br' },
  { address: '157.92.1.1', owner: 'Universidad de Buenos Aires' },
  { address: '146.83.1.1', owner: 'REUNA, Chile' },
  { address: '200.7.84.1', owner: 'LACNIC' },
  // Africa
  { address: '137.158.1.1', owner: 'University of Cape Town' },
  { address: '196.216.2.1', owner: 'AFRINIC' },
  { address: '197.136.1.1', owner: 'KENET, Kenya' },
  { address: '193.227.1.1', owner: 'Egyptian Universities Network' },
  { address: '41.204.160.1', owner: 'University of Nairobi' },
  // Asia
  { address: '133.11.0.1', owner: 'University of Tokyo' },
  { address: '202.12.27.33', owner: 'WIDE, Japan' },
  { address: '166.111.8.28', owner: 'Tsinghua University' },
  { address: '143.248.1.177', owner: 'KAIST' },
  { address: '137.132.1.1', owner: 'National University of Singapore' },
  { address: '140.112.2.2', owner: 'National Taiwan University' },
  { address: '14.139.34.11', owner: 'National Knowledge Network, India' },
  { address: '161.200.192.1', owner: 'Chulalongkorn University' },
  { address: '132.64.1.1', owner: 'Hebrew University of Jerusalem' },
  // Oceania
  { address: '203.119.101.61', owner: 'APNIC' },
  { address: '150.203.1.10', owner: 'Australian National University' },
  { address: '130.216.1.1', owner: 'University of Auckland' },
  { address: '128.250.1.1', owner: 'University of Melbourne' },
  // IPv6
  { address: '2001:4860:4860::8888', owner: 'Google Public DNS' },
  { address: '2606:4700:4700::1111', owner: 'Cloudflare' },
  { address: '2620:fe::fe', owner: 'Quad9' },
  { address: '2001:67c:2e8:22::c100:68b', owner: 'RIPE NCC' },
  { address: '2001:630:212:200::1', owner: 'Jisc, United Kingdom' },
  { address: '2001:638:904:ffcc::1', owner: 'DFN, Germany' },
  { address: '2001:6b0:1::200', owner: 'SUNET, Sweden' },
  { address: '2607:f6d0::1', owner: 'Stanford University' },
  { address: '2607:f140:ffff:fffe::3', owner: 'University of California, Berkeley' },
  { address: '2001:12ff::10', owner: 'NIC.br' },
  { address: '2001:13c7:7002:3000::11', owner: 'LACNIC' },
  { address: '2001:42d0::200:80:1', owner: 'AFRINIC' },
  { address: '2001:4200::1', owner: 'TENET, South Africa' },
  { address: '2001:200:dff:fff1:216:3eff:feb1:44d7', owner: 'WIDE, Japan' },
  { address: '2001:dc0:2001:11::194', owner: 'APNIC' },
  { address: '2001:da8:200::1', owner: 'CERNET, China' },
  { address: '2400:3200::1', owner: 'AliDNS' },
  { address: '2001:388:1::1', owner: 'AARNet, Australia' },
  { address: '2404:138::1', owner: 'REANNZ, New Zealand' },
];

/** The regions of the example configuration, one on each of five continents. */
export const EXAMPLE_REGIONS = [
  { id: 'eu-west', latitude: 53.35, longitude: -6.26, bias: 0 },
  { id: 'us-east', latitude: 38.95, longitude: -77.45, bias: 0 },
  { id: 'sa-east', latitude: -23.55, longitude: -46.63, bias: 0 },
  { id: 'ap-south', latitude: 1.35, longitude: 103.82, bias: 0 },
  { id: 'ap-southeast', latitude: -33.87, longitude: 151.21, bias: 0 },
] as const;
