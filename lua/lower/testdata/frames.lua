--- two hundred locals
local a1 = 1 * 2
local a2 = 2 * 2
local a3 = 3 * 2
local a4 = 4 * 2
local a5 = 5 * 2
local a6 = 6 * 2
local a7 = 7 * 2
local a8 = 8 * 2
local a9 = 9 * 2
local a10 = 10 * 2
local a11 = 11 * 2
local a12 = 12 * 2
local a13 = 13 * 2
local a14 = 14 * 2
local a15 = 15 * 2
local a16 = 16 * 2
local a17 = 17 * 2
local a18 = 18 * 2
local a19 = 19 * 2
local a20 = 20 * 2
local a21 = 21 * 2
local a22 = 22 * 2
local a23 = 23 * 2
local a24 = 24 * 2
local a25 = 25 * 2
local a26 = 26 * 2
local a27 = 27 * 2
local a28 = 28 * 2
local a29 = 29 * 2
local a30 = 30 * 2
local a31 = 31 * 2
local a32 = 32 * 2
local a33 = 33 * 2
local a34 = 34 * 2
local a35 = 35 * 2
local a36 = 36 * 2
local a37 = 37 * 2
local a38 = 38 * 2
local a39 = 39 * 2
local a40 = 40 * 2
local a41 = 41 * 2
local a42 = 42 * 2
local a43 = 43 * 2
local a44 = 44 * 2
local a45 = 45 * 2
local a46 = 46 * 2
local a47 = 47 * 2
local a48 = 48 * 2
local a49 = 49 * 2
local a50 = 50 * 2
local a51 = 51 * 2
local a52 = 52 * 2
local a53 = 53 * 2
local a54 = 54 * 2
local a55 = 55 * 2
local a56 = 56 * 2
local a57 = 57 * 2
local a58 = 58 * 2
local a59 = 59 * 2
local a60 = 60 * 2
local a61 = 61 * 2
local a62 = 62 * 2
local a63 = 63 * 2
local a64 = 64 * 2
local a65 = 65 * 2
local a66 = 66 * 2
local a67 = 67 * 2
local a68 = 68 * 2
local a69 = 69 * 2
local a70 = 70 * 2
local a71 = 71 * 2
local a72 = 72 * 2
local a73 = 73 * 2
local a74 = 74 * 2
local a75 = 75 * 2
local a76 = 76 * 2
local a77 = 77 * 2
local a78 = 78 * 2
local a79 = 79 * 2
local a80 = 80 * 2
local a81 = 81 * 2
local a82 = 82 * 2
local a83 = 83 * 2
local a84 = 84 * 2
local a85 = 85 * 2
local a86 = 86 * 2
local a87 = 87 * 2
local a88 = 88 * 2
local a89 = 89 * 2
local a90 = 90 * 2
local a91 = 91 * 2
local a92 = 92 * 2
local a93 = 93 * 2
local a94 = 94 * 2
local a95 = 95 * 2
local a96 = 96 * 2
local a97 = 97 * 2
local a98 = 98 * 2
local a99 = 99 * 2
local a100 = 100 * 2
local a101 = 101 * 2
local a102 = 102 * 2
local a103 = 103 * 2
local a104 = 104 * 2
local a105 = 105 * 2
local a106 = 106 * 2
local a107 = 107 * 2
local a108 = 108 * 2
local a109 = 109 * 2
local a110 = 110 * 2
local a111 = 111 * 2
local a112 = 112 * 2
local a113 = 113 * 2
local a114 = 114 * 2
local a115 = 115 * 2
local a116 = 116 * 2
local a117 = 117 * 2
local a118 = 118 * 2
local a119 = 119 * 2
local a120 = 120 * 2
local a121 = 121 * 2
local a122 = 122 * 2
local a123 = 123 * 2
local a124 = 124 * 2
local a125 = 125 * 2
local a126 = 126 * 2
local a127 = 127 * 2
local a128 = 128 * 2
local a129 = 129 * 2
local a130 = 130 * 2
local a131 = 131 * 2
local a132 = 132 * 2
local a133 = 133 * 2
local a134 = 134 * 2
local a135 = 135 * 2
local a136 = 136 * 2
local a137 = 137 * 2
local a138 = 138 * 2
local a139 = 139 * 2
local a140 = 140 * 2
local a141 = 141 * 2
local a142 = 142 * 2
local a143 = 143 * 2
local a144 = 144 * 2
local a145 = 145 * 2
local a146 = 146 * 2
local a147 = 147 * 2
local a148 = 148 * 2
local a149 = 149 * 2
local a150 = 150 * 2
local a151 = 151 * 2
local a152 = 152 * 2
local a153 = 153 * 2
local a154 = 154 * 2
local a155 = 155 * 2
local a156 = 156 * 2
local a157 = 157 * 2
local a158 = 158 * 2
local a159 = 159 * 2
local a160 = 160 * 2
local a161 = 161 * 2
local a162 = 162 * 2
local a163 = 163 * 2
local a164 = 164 * 2
local a165 = 165 * 2
local a166 = 166 * 2
local a167 = 167 * 2
local a168 = 168 * 2
local a169 = 169 * 2
local a170 = 170 * 2
local a171 = 171 * 2
local a172 = 172 * 2
local a173 = 173 * 2
local a174 = 174 * 2
local a175 = 175 * 2
local a176 = 176 * 2
local a177 = 177 * 2
local a178 = 178 * 2
local a179 = 179 * 2
local a180 = 180 * 2
local a181 = 181 * 2
local a182 = 182 * 2
local a183 = 183 * 2
local a184 = 184 * 2
local a185 = 185 * 2
local a186 = 186 * 2
local a187 = 187 * 2
local a188 = 188 * 2
local a189 = 189 * 2
local a190 = 190 * 2
local a191 = 191 * 2
local a192 = 192 * 2
local a193 = 193 * 2
local a194 = 194 * 2
local a195 = 195 * 2
local a196 = 196 * 2
local a197 = 197 * 2
local a198 = 198 * 2
local a199 = 199 * 2
local a200 = 200 * 2
print(a1 + a200, a100 .. a101, a150 % 7, -a199, #('x'):rep(a5))
--- two hundred locals and a loop around functions
local out = {}
local a1 = 1
local a2 = 2
local a3 = 3
local a4 = 4
local a5 = 5
local a6 = 6
local a7 = 7
local a8 = 8
local a9 = 9
local a10 = 10
local a11 = 11
local a12 = 12
local a13 = 13
local a14 = 14
local a15 = 15
local a16 = 16
local a17 = 17
local a18 = 18
local a19 = 19
local a20 = 20
local a21 = 21
local a22 = 22
local a23 = 23
local a24 = 24
local a25 = 25
local a26 = 26
local a27 = 27
local a28 = 28
local a29 = 29
local a30 = 30
local a31 = 31
local a32 = 32
local a33 = 33
local a34 = 34
local a35 = 35
local a36 = 36
local a37 = 37
local a38 = 38
local a39 = 39
local a40 = 40
local a41 = 41
local a42 = 42
local a43 = 43
local a44 = 44
local a45 = 45
local a46 = 46
local a47 = 47
local a48 = 48
local a49 = 49
local a50 = 50
local a51 = 51
local a52 = 52
local a53 = 53
local a54 = 54
local a55 = 55
local a56 = 56
local a57 = 57
local a58 = 58
local a59 = 59
local a60 = 60
local a61 = 61
local a62 = 62
local a63 = 63
local a64 = 64
local a65 = 65
local a66 = 66
local a67 = 67
local a68 = 68
local a69 = 69
local a70 = 70
local a71 = 71
local a72 = 72
local a73 = 73
local a74 = 74
local a75 = 75
local a76 = 76
local a77 = 77
local a78 = 78
local a79 = 79
local a80 = 80
local a81 = 81
local a82 = 82
local a83 = 83
local a84 = 84
local a85 = 85
local a86 = 86
local a87 = 87
local a88 = 88
local a89 = 89
local a90 = 90
local a91 = 91
local a92 = 92
local a93 = 93
local a94 = 94
local a95 = 95
local a96 = 96
local a97 = 97
local a98 = 98
local a99 = 99
local a100 = 100
local a101 = 101
local a102 = 102
local a103 = 103
local a104 = 104
local a105 = 105
local a106 = 106
local a107 = 107
local a108 = 108
local a109 = 109
local a110 = 110
local a111 = 111
local a112 = 112
local a113 = 113
local a114 = 114
local a115 = 115
local a116 = 116
local a117 = 117
local a118 = 118
local a119 = 119
local a120 = 120
local a121 = 121
local a122 = 122
local a123 = 123
local a124 = 124
local a125 = 125
local a126 = 126
local a127 = 127
local a128 = 128
local a129 = 129
local a130 = 130
local a131 = 131
local a132 = 132
local a133 = 133
local a134 = 134
local a135 = 135
local a136 = 136
local a137 = 137
local a138 = 138
local a139 = 139
local a140 = 140
local a141 = 141
local a142 = 142
local a143 = 143
local a144 = 144
local a145 = 145
local a146 = 146
local a147 = 147
local a148 = 148
local a149 = 149
local a150 = 150
for i = 1, 3 do
  local b, c = i * a150, i
  out[i] = function(x) c = c + x a149 = a149 + 1 return b + c + a1 end
end
for i = 1, 3 do print(out[i](10), out[i](20), a149) end
--- functions that call each other
local out = {}
local function f1(x) return x + 1 end
local function f2(x) return x + 2 end
local function f3(x) return x + 3 end
local function f4(x) return x + 4 end
local function f5(x) return x + 5 end
local function f6(x) return x + 6 end
local function f7(x) return x + 7 end
local function f8(x) return x + 8 end
local function f9(x) return x + 9 end
local function f10(x) return x + 10 end
local function f11(x) return x + 11 end
local function f12(x) return x + 12 end
local function f13(x) return x + 13 end
local function f14(x) return x + 14 end
local function f15(x) return x + 15 end
local function f16(x) return x + 16 end
local function f17(x) return x + 17 end
local function f18(x) return x + 18 end
local function f19(x) return x + 19 end
local function f20(x) return x + 20 end
local function f21(x) return x + 21 end
local function f22(x) return x + 22 end
local function f23(x) return x + 23 end
local function f24(x) return x + 24 end
local function f25(x) return x + 25 end
local function f26(x) return x + 26 end
local function f27(x) return x + 27 end
local function f28(x) return x + 28 end
local function f29(x) return x + 29 end
local function f30(x) return x + 30 end
local function f31(x) return x + 31 end
local function f32(x) return x + 32 end
local function f33(x) return x + 33 end
local function f34(x) return x + 34 end
local function f35(x) return x + 35 end
local function f36(x) return x + 36 end
local function f37(x) return x + 37 end
local function f38(x) return x + 38 end
local function f39(x) return x + 39 end
local function f40(x) return x + 40 end
local function f41(x) return x + 41 end
local function f42(x) return x + 42 end
local function f43(x) return x + 43 end
local function f44(x) return x + 44 end
local function f45(x) return x + 45 end
local function f46(x) return x + 46 end
local function f47(x) return x + 47 end
local function f48(x) return x + 48 end
local function f49(x) return x + 49 end
local function f50(x) return x + 50 end
local function f51(x) return x + 51 end
local function f52(x) return x + 52 end
local function f53(x) return x + 53 end
local function f54(x) return x + 54 end
local function f55(x) return x + 55 end
local function f56(x) return x + 56 end
local function f57(x) return x + 57 end
local function f58(x) return x + 58 end
local function f59(x) return x + 59 end
local function f60(x) return x + 60 end
local function f61(x) return x + 61 end
local function f62(x) return x + 62 end
local function f63(x) return x + 63 end
local function f64(x) return x + 64 end
local function f65(x) return x + 65 end
local function f66(x) return x + 66 end
local function f67(x) return x + 67 end
local function f68(x) return x + 68 end
local function f69(x) return x + 69 end
local function f70(x) return x + 70 end
local function f71(x) return x + 71 end
local function f72(x) return x + 72 end
local function f73(x) return x + 73 end
local function f74(x) return x + 74 end
local function f75(x) return x + 75 end
local function f76(x) return x + 76 end
local function f77(x) return x + 77 end
local function f78(x) return x + 78 end
local function f79(x) return x + 79 end
local function f80(x) return x + 80 end
local function f81(x) return x + 81 end
local function f82(x) return x + 82 end
local function f83(x) return x + 83 end
local function f84(x) return x + 84 end
local function f85(x) return x + 85 end
local function f86(x) return x + 86 end
local function f87(x) return x + 87 end
local function f88(x) return x + 88 end
local function f89(x) return x + 89 end
local function f90(x) return x + 90 end
local function f91(x) return x + 91 end
local function f92(x) return x + 92 end
local function f93(x) return x + 93 end
local function f94(x) return x + 94 end
local function f95(x) return x + 95 end
local function f96(x) return x + 96 end
local function f97(x) return x + 97 end
local function f98(x) return x + 98 end
local function f99(x) return x + 99 end
local function f100(x) return x + 100 end
local function f101(x) return x + 101 end
local function f102(x) return x + 102 end
local function f103(x) return x + 103 end
local function f104(x) return x + 104 end
local function f105(x) return x + 105 end
local function f106(x) return x + 106 end
local function f107(x) return x + 107 end
local function f108(x) return x + 108 end
local function f109(x) return x + 109 end
local function f110(x) return x + 110 end
local function f111(x) return x + 111 end
local function f112(x) return x + 112 end
local function f113(x) return x + 113 end
local function f114(x) return x + 114 end
local function f115(x) return x + 115 end
local function f116(x) return x + 116 end
local function f117(x) return x + 117 end
local function f118(x) return x + 118 end
local function f119(x) return x + 119 end
local function f120(x) return x + 120 end
local function f121(x) return x + 121 end
local function f122(x) return x + 122 end
local function f123(x) return x + 123 end
local function f124(x) return x + 124 end
local function f125(x) return x + 125 end
local function f126(x) return x + 126 end
local function f127(x) return x + 127 end
local function f128(x) return x + 128 end
local function f129(x) return x + 129 end
local function f130(x) return x + 130 end
local function f131(x) return x + 131 end
local function f132(x) return x + 132 end
local function f133(x) return x + 133 end
local function f134(x) return x + 134 end
local function f135(x) return x + 135 end
local function f136(x) return x + 136 end
local function f137(x) return x + 137 end
local function f138(x) return x + 138 end
local function f139(x) return x + 139 end
local function f140(x) return x + 140 end
local function f141(x) return x + 141 end
local function f142(x) return x + 142 end
local function f143(x) return x + 143 end
local function f144(x) return x + 144 end
local function f145(x) return x + 145 end
local function f146(x) return x + 146 end
local function f147(x) return x + 147 end
local function f148(x) return x + 148 end
local function f149(x) return x + 149 end
local function f150(x) return x + 150 end
local function f151(x) return x + 151 end
local function f152(x) return x + 152 end
local function f153(x) return x + 153 end
local function f154(x) return x + 154 end
local function f155(x) return x + 155 end
local function f156(x) return x + 156 end
local function f157(x) return x + 157 end
local function f158(x) return x + 158 end
local function f159(x) return x + 159 end
local function f160(x) return x + 160 end
local function f161(x) return x + 161 end
local function f162(x) return x + 162 end
local function f163(x) return x + 163 end
local function f164(x) return x + 164 end
local function f165(x) return x + 165 end
local function f166(x) return x + 166 end
local function f167(x) return x + 167 end
local function f168(x) return x + 168 end
local function f169(x) return x + 169 end
local function f170(x) return x + 170 end
local function f171(x) return x + 171 end
local function f172(x) return x + 172 end
local function f173(x) return x + 173 end
local function f174(x) return x + 174 end
local function f175(x) return x + 175 end
local function f176(x) return x + 176 end
local function f177(x) return x + 177 end
local function f178(x) return x + 178 end
local function f179(x) return x + 179 end
local function f180(x) return x + 180 end
local function f181(x) return x + 181 end
local function f182(x) return x + 182 end
local function f183(x) return x + 183 end
local function f184(x) return x + 184 end
local function f185(x) return x + 185 end
local function f186(x) return x + 186 end
local function f187(x) return x + 187 end
local function f188(x) return x + 188 end
local function f189(x) return x + 189 end
local function f190(x) return x + 190 end
local function even(n) if n == 0 then return true end return out.odd(n - 1) end
local function odd(n) if n == 0 then return false end return even(n - 1) end
out.odd = odd
local function fact(n) if n < 2 then return 1 end return n * fact(n - 1) end
print(even(10), odd(7), fact(10), f190(f1(1)))
--- recursion
local function f(n)
  local a1 = n + 1
  local a2 = n + 2
  local a3 = n + 3
  local a4 = n + 4
  local a5 = n + 5
  local a6 = n + 6
  local a7 = n + 7
  local a8 = n + 8
  local a9 = n + 9
  local a10 = n + 10
  local a11 = n + 11
  local a12 = n + 12
  local a13 = n + 13
  local a14 = n + 14
  local a15 = n + 15
  local a16 = n + 16
  local a17 = n + 17
  local a18 = n + 18
  local a19 = n + 19
  local a20 = n + 20
  local a21 = n + 21
  local a22 = n + 22
  local a23 = n + 23
  local a24 = n + 24
  local a25 = n + 25
  local a26 = n + 26
  local a27 = n + 27
  local a28 = n + 28
  local a29 = n + 29
  local a30 = n + 30
  local a31 = n + 31
  local a32 = n + 32
  local a33 = n + 33
  local a34 = n + 34
  local a35 = n + 35
  local a36 = n + 36
  local a37 = n + 37
  local a38 = n + 38
  local a39 = n + 39
  local a40 = n + 40
  local a41 = n + 41
  local a42 = n + 42
  local a43 = n + 43
  local a44 = n + 44
  local a45 = n + 45
  local a46 = n + 46
  local a47 = n + 47
  local a48 = n + 48
  local a49 = n + 49
  local a50 = n + 50
  local a51 = n + 51
  local a52 = n + 52
  local a53 = n + 53
  local a54 = n + 54
  local a55 = n + 55
  local a56 = n + 56
  local a57 = n + 57
  local a58 = n + 58
  local a59 = n + 59
  local a60 = n + 60
  local a61 = n + 61
  local a62 = n + 62
  local a63 = n + 63
  local a64 = n + 64
  local a65 = n + 65
  local a66 = n + 66
  local a67 = n + 67
  local a68 = n + 68
  local a69 = n + 69
  local a70 = n + 70
  local a71 = n + 71
  local a72 = n + 72
  local a73 = n + 73
  local a74 = n + 74
  local a75 = n + 75
  local a76 = n + 76
  local a77 = n + 77
  local a78 = n + 78
  local a79 = n + 79
  local a80 = n + 80
  local a81 = n + 81
  local a82 = n + 82
  local a83 = n + 83
  local a84 = n + 84
  local a85 = n + 85
  local a86 = n + 86
  local a87 = n + 87
  local a88 = n + 88
  local a89 = n + 89
  local a90 = n + 90
  local a91 = n + 91
  local a92 = n + 92
  local a93 = n + 93
  local a94 = n + 94
  local a95 = n + 95
  local a96 = n + 96
  local a97 = n + 97
  local a98 = n + 98
  local a99 = n + 99
  local a100 = n + 100
  local a101 = n + 101
  local a102 = n + 102
  local a103 = n + 103
  local a104 = n + 104
  local a105 = n + 105
  local a106 = n + 106
  local a107 = n + 107
  local a108 = n + 108
  local a109 = n + 109
  local a110 = n + 110
  local a111 = n + 111
  local a112 = n + 112
  local a113 = n + 113
  local a114 = n + 114
  local a115 = n + 115
  local a116 = n + 116
  local a117 = n + 117
  local a118 = n + 118
  local a119 = n + 119
  local a120 = n + 120
  local a121 = n + 121
  local a122 = n + 122
  local a123 = n + 123
  local a124 = n + 124
  local a125 = n + 125
  local a126 = n + 126
  local a127 = n + 127
  local a128 = n + 128
  local a129 = n + 129
  local a130 = n + 130
  local a131 = n + 131
  local a132 = n + 132
  local a133 = n + 133
  local a134 = n + 134
  local a135 = n + 135
  local a136 = n + 136
  local a137 = n + 137
  local a138 = n + 138
  local a139 = n + 139
  local a140 = n + 140
  local a141 = n + 141
  local a142 = n + 142
  local a143 = n + 143
  local a144 = n + 144
  local a145 = n + 145
  local a146 = n + 146
  local a147 = n + 147
  local a148 = n + 148
  local a149 = n + 149
  local a150 = n + 150
  local a151 = n + 151
  local a152 = n + 152
  local a153 = n + 153
  local a154 = n + 154
  local a155 = n + 155
  local a156 = n + 156
  local a157 = n + 157
  local a158 = n + 158
  local a159 = n + 159
  local a160 = n + 160
  local a161 = n + 161
  local a162 = n + 162
  local a163 = n + 163
  local a164 = n + 164
  local a165 = n + 165
  local a166 = n + 166
  local a167 = n + 167
  local a168 = n + 168
  local a169 = n + 169
  local a170 = n + 170
  local a171 = n + 171
  local a172 = n + 172
  local a173 = n + 173
  local a174 = n + 174
  local a175 = n + 175
  local a176 = n + 176
  local a177 = n + 177
  local a178 = n + 178
  local a179 = n + 179
  local a180 = n + 180
  if n > 0 then local below = f(n - 1) return below + a180 - a179 + a1 end
  return a180
end
print(f(0), f(5))
--- blocks beside each other
local fs = {}
local function f()
  local a1 = 1
  local a2 = 2
  local a3 = 3
  local a4 = 4
  local a5 = 5
  local a6 = 6
  local a7 = 7
  local a8 = 8
  local a9 = 9
  local a10 = 10
  local a11 = 11
  local a12 = 12
  local a13 = 13
  local a14 = 14
  local a15 = 15
  local a16 = 16
  local a17 = 17
  local a18 = 18
  local a19 = 19
  local a20 = 20
  local a21 = 21
  local a22 = 22
  local a23 = 23
  local a24 = 24
  local a25 = 25
  local a26 = 26
  local a27 = 27
  local a28 = 28
  local a29 = 29
  local a30 = 30
  local a31 = 31
  local a32 = 32
  local a33 = 33
  local a34 = 34
  local a35 = 35
  local a36 = 36
  local a37 = 37
  local a38 = 38
  local a39 = 39
  local a40 = 40
  local a41 = 41
  local a42 = 42
  local a43 = 43
  local a44 = 44
  local a45 = 45
  local a46 = 46
  local a47 = 47
  local a48 = 48
  local a49 = 49
  local a50 = 50
  local a51 = 51
  local a52 = 52
  local a53 = 53
  local a54 = 54
  local a55 = 55
  local a56 = 56
  local a57 = 57
  local a58 = 58
  local a59 = 59
  local a60 = 60
  local a61 = 61
  local a62 = 62
  local a63 = 63
  local a64 = 64
  local a65 = 65
  local a66 = 66
  local a67 = 67
  local a68 = 68
  local a69 = 69
  local a70 = 70
  local a71 = 71
  local a72 = 72
  local a73 = 73
  local a74 = 74
  local a75 = 75
  local a76 = 76
  local a77 = 77
  local a78 = 78
  local a79 = 79
  local a80 = 80
  local a81 = 81
  local a82 = 82
  local a83 = 83
  local a84 = 84
  local a85 = 85
  local a86 = 86
  local a87 = 87
  local a88 = 88
  local a89 = 89
  local a90 = 90
  local a91 = 91
  local a92 = 92
  local a93 = 93
  local a94 = 94
  local a95 = 95
  local a96 = 96
  local a97 = 97
  local a98 = 98
  local a99 = 99
  local a100 = 100
  local a101 = 101
  local a102 = 102
  local a103 = 103
  local a104 = 104
  local a105 = 105
  local a106 = 106
  local a107 = 107
  local a108 = 108
  local a109 = 109
  local a110 = 110
  do local x = 1 fs[1] = function() x = x + 1 return x end end
  do local y = 10 local z fs[2] = function() y = y + 1 return y, z end z = a110 end
  do local y print(y) y = 5 print(y) end
  do local y print(y) local z = y print(z) end
  for i = 1, 2 do local u print(u) u = i print(u) end
  for i, v in ipairs{ 7, 8 } do fs[#fs + 1] = function() i = i + v return i end end
  local n = 0
  repeat local d = n n = n + 1 until d >= 2
  print(n, a109)
end
f()
print(fs[1](), fs[1](), fs[2](), fs[2](), fs[3](), fs[3](), fs[4]())
--- goto is another way around
local function f(n)
  local a1 = 1
  local a2 = 2
  local a3 = 3
  local a4 = 4
  local a5 = 5
  local a6 = 6
  local a7 = 7
  local a8 = 8
  local a9 = 9
  local a10 = 10
  local a11 = 11
  local a12 = 12
  local a13 = 13
  local a14 = 14
  local a15 = 15
  local a16 = 16
  local a17 = 17
  local a18 = 18
  local a19 = 19
  local a20 = 20
  local a21 = 21
  local a22 = 22
  local a23 = 23
  local a24 = 24
  local a25 = 25
  local a26 = 26
  local a27 = 27
  local a28 = 28
  local a29 = 29
  local a30 = 30
  local a31 = 31
  local a32 = 32
  local a33 = 33
  local a34 = 34
  local a35 = 35
  local a36 = 36
  local a37 = 37
  local a38 = 38
  local a39 = 39
  local a40 = 40
  local a41 = 41
  local a42 = 42
  local a43 = 43
  local a44 = 44
  local a45 = 45
  local a46 = 46
  local a47 = 47
  local a48 = 48
  local a49 = 49
  local a50 = 50
  local a51 = 51
  local a52 = 52
  local a53 = 53
  local a54 = 54
  local a55 = 55
  local a56 = 56
  local a57 = 57
  local a58 = 58
  local a59 = 59
  local a60 = 60
  local a61 = 61
  local a62 = 62
  local a63 = 63
  local a64 = 64
  local a65 = 65
  local a66 = 66
  local a67 = 67
  local a68 = 68
  local a69 = 69
  local a70 = 70
  local a71 = 71
  local a72 = 72
  local a73 = 73
  local a74 = 74
  local a75 = 75
  local a76 = 76
  local a77 = 77
  local a78 = 78
  local a79 = 79
  local a80 = 80
  local a81 = 81
  local a82 = 82
  local a83 = 83
  local a84 = 84
  local a85 = 85
  local a86 = 86
  local a87 = 87
  local a88 = 88
  local a89 = 89
  local a90 = 90
  local a91 = 91
  local a92 = 92
  local a93 = 93
  local a94 = 94
  local a95 = 95
  local a96 = 96
  local a97 = 97
  local a98 = 98
  local a99 = 99
  local a100 = 100
  local a101 = 101
  local a102 = 102
  local a103 = 103
  local a104 = 104
  local a105 = 105
  local a106 = 106
  local a107 = 107
  local a108 = 108
  local a109 = 109
  local a110 = 110
  local a111 = 111
  local a112 = 112
  local a113 = 113
  local a114 = 114
  local a115 = 115
  local a116 = 116
  local a117 = 117
  local a118 = 118
  local a119 = 119
  local a120 = 120
  local fs, i = {}, 0
  while true do
    i = i + 1
    local x = i
    fs[i] = function() x = x + 1 return x end
    if i == n then break end
  end
  return fs[1](), fs[1](), fs[2](), fs[n](), a120
end
print(f(3))
--- many names in one statement
local function three() return 1, 2, 3 end
local a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39, a40, a41, a42, a43, a44, a45, a46, a47, a48, a49, a50, a51, a52, a53, a54, a55, a56, a57, a58, a59, a60, a61, a62, a63, a64, a65, a66, a67, a68, a69, a70, a71, a72, a73, a74, a75, a76, a77, a78, a79, a80, a81, a82, a83, a84, a85, a86, a87, a88, a89, a90, a91, a92, a93, a94, a95, a96, a97, a98, a99, a100, a101, a102, a103, a104, a105, a106, a107, a108, a109, a110, a111, a112, a113, a114, a115, a116, a117, a118, a119, a120
print(a1, a120)
a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39, a40, a41, a42, a43, a44, a45, a46, a47, a48, a49, a50, a51, a52, a53, a54, a55, a56, a57, a58, a59, a60, a61, a62, a63, a64, a65, a66, a67, a68, a69, a70, a71, a72, a73, a74, a75, a76, a77, a78, a79, a80, a81, a82, a83, a84, a85, a86, a87, a88, a89, a90, a91, a92, a93, a94, a95, a96, a97, a98, a99, a100, a101, a102, a103, a104, a105, a106, a107, a108, a109, a110, a111, a112, a113, a114, a115, a116, a117, a118, a119, a120 = three()
print(a1, a2, a3, a4, a120)
local b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16, b17, b18, b19, b20, b21, b22, b23, b24, b25, b26, b27, b28, b29, b30, b31, b32, b33, b34, b35, b36, b37, b38, b39, b40, b41, b42, b43, b44, b45, b46, b47, b48, b49, b50, b51, b52, b53, b54, b55, b56, b57, b58, b59, b60 = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, three()
print(b1, b50, b51, b52, b53, b54)
local function g() local c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31, c32, c33, c34, c35, c36, c37, c38, c39, c40, c41, c42, c43, c44, c45, c46, c47, c48, c49, c50, c51, c52, c53, c54, c55, c56, c57, c58, c59, c60, c61, c62, c63, c64, c65, c66, c67, c68, c69, c70, c71, c72, c73, c74, c75, c76, c77, c78, c79, c80, c81, c82, c83, c84, c85, c86, c87, c88, c89, c90, c91, c92, c93, c94, c95, c96, c97, c98, c99, c100, c101, c102, c103, c104, c105, c106, c107, c108, c109, c110, c111, c112, c113, c114, c115, c116, c117, c118, c119, c120, c121, c122, c123, c124, c125, c126, c127, c128, c129, c130, c131, c132, c133, c134, c135, c136, c137, c138, c139, c140, c141, c142, c143, c144, c145, c146, c147, c148, c149, c150 = 5, three(), nil, three() return c1, c2, c3, c4, c5, c6, c150 end
print(g())
a1, a2 = a2, a1
print(a1, a2)
--- swapping what lives in the frame
local a1 = 1
local a2 = 2
local a3 = 3
local a4 = 4
local a5 = 5
local a6 = 6
local a7 = 7
local a8 = 8
local a9 = 9
local a10 = 10
local a11 = 11
local a12 = 12
local a13 = 13
local a14 = 14
local a15 = 15
local a16 = 16
local a17 = 17
local a18 = 18
local a19 = 19
local a20 = 20
local a21 = 21
local a22 = 22
local a23 = 23
local a24 = 24
local a25 = 25
local a26 = 26
local a27 = 27
local a28 = 28
local a29 = 29
local a30 = 30
local a31 = 31
local a32 = 32
local a33 = 33
local a34 = 34
local a35 = 35
local a36 = 36
local a37 = 37
local a38 = 38
local a39 = 39
local a40 = 40
local a41 = 41
local a42 = 42
local a43 = 43
local a44 = 44
local a45 = 45
local a46 = 46
local a47 = 47
local a48 = 48
local a49 = 49
local a50 = 50
local a51 = 51
local a52 = 52
local a53 = 53
local a54 = 54
local a55 = 55
local a56 = 56
local a57 = 57
local a58 = 58
local a59 = 59
local a60 = 60
local a61 = 61
local a62 = 62
local a63 = 63
local a64 = 64
local a65 = 65
local a66 = 66
local a67 = 67
local a68 = 68
local a69 = 69
local a70 = 70
local a71 = 71
local a72 = 72
local a73 = 73
local a74 = 74
local a75 = 75
local a76 = 76
local a77 = 77
local a78 = 78
local a79 = 79
local a80 = 80
local a81 = 81
local a82 = 82
local a83 = 83
local a84 = 84
local a85 = 85
local a86 = 86
local a87 = 87
local a88 = 88
local a89 = 89
local a90 = 90
local a91 = 91
local a92 = 92
local a93 = 93
local a94 = 94
local a95 = 95
local a96 = 96
local a97 = 97
local a98 = 98
local a99 = 99
local a100 = 100
local a101 = 101
local a102 = 102
local a103 = 103
local a104 = 104
local a105 = 105
local a106 = 106
local a107 = 107
local a108 = 108
local a109 = 109
local a110 = 110
local a111 = 111
local a112 = 112
local a113 = 113
local a114 = 114
local a115 = 115
local a116 = 116
local a117 = 117
local a118 = 118
local a119 = 119
local a120 = 120
local a121 = 121
local a122 = 122
local a123 = 123
local a124 = 124
local a125 = 125
local a126 = 126
local a127 = 127
local a128 = 128
local a129 = 129
local a130 = 130
local a131 = 131
local a132 = 132
local a133 = 133
local a134 = 134
local a135 = 135
local a136 = 136
local a137 = 137
local a138 = 138
local a139 = 139
local a140 = 140
a139, a140 = a140, a139
local t = { a140, a139 }
local i = 1
i, t[i] = i + 1, 20
print(a139, a140, t[1], t[2], i)
local function set(v) a140 = v return v end
print(a140 + set(5), a140)
local k = a140
t[k], k = k, 9
print(t[5], k)
local s = 'x' s = s .. a140 .. s print(s, not s, s == 'x5x', s and a1 or a2)
--- an error in a function with a frame
local a1 = 1
local a2 = 2
local a3 = 3
local a4 = 4
local a5 = 5
local a6 = 6
local a7 = 7
local a8 = 8
local a9 = 9
local a10 = 10
local a11 = 11
local a12 = 12
local a13 = 13
local a14 = 14
local a15 = 15
local a16 = 16
local a17 = 17
local a18 = 18
local a19 = 19
local a20 = 20
local a21 = 21
local a22 = 22
local a23 = 23
local a24 = 24
local a25 = 25
local a26 = 26
local a27 = 27
local a28 = 28
local a29 = 29
local a30 = 30
local a31 = 31
local a32 = 32
local a33 = 33
local a34 = 34
local a35 = 35
local a36 = 36
local a37 = 37
local a38 = 38
local a39 = 39
local a40 = 40
local a41 = 41
local a42 = 42
local a43 = 43
local a44 = 44
local a45 = 45
local a46 = 46
local a47 = 47
local a48 = 48
local a49 = 49
local a50 = 50
local a51 = 51
local a52 = 52
local a53 = 53
local a54 = 54
local a55 = 55
local a56 = 56
local a57 = 57
local a58 = 58
local a59 = 59
local a60 = 60
local a61 = 61
local a62 = 62
local a63 = 63
local a64 = 64
local a65 = 65
local a66 = 66
local a67 = 67
local a68 = 68
local a69 = 69
local a70 = 70
local a71 = 71
local a72 = 72
local a73 = 73
local a74 = 74
local a75 = 75
local a76 = 76
local a77 = 77
local a78 = 78
local a79 = 79
local a80 = 80
local a81 = 81
local a82 = 82
local a83 = 83
local a84 = 84
local a85 = 85
local a86 = 86
local a87 = 87
local a88 = 88
local a89 = 89
local a90 = 90
local a91 = 91
local a92 = 92
local a93 = 93
local a94 = 94
local a95 = 95
local a96 = 96
local a97 = 97
local a98 = 98
local a99 = 99
local a100 = 100
local a101 = 101
local a102 = 102
local a103 = 103
local a104 = 104
local a105 = 105
local a106 = 106
local a107 = 107
local a108 = 108
local a109 = 109
local a110 = 110
local a111 = 111
local a112 = 112
local a113 = 113
local a114 = 114
local a115 = 115
local a116 = 116
local a117 = 117
local a118 = 118
local a119 = 119
local a120 = 120
local a121 = 121
local a122 = 122
local a123 = 123
local a124 = 124
local a125 = 125
local a126 = 126
local a127 = 127
local a128 = 128
local a129 = 129
local a130 = 130
local f = function() a130 = a130 + 1 if a130 < 135 then return a130 end error('e') end
print(pcall(f)) f() a130 = 200 print(pcall(f) == false, a130)
a130 = 7 print(f())
--- varargs, methods and functions within functions
local o = {}
function o:f(...)
  local a1 = select(1 % 3 + 1, ...)
  local a2 = select(2 % 3 + 1, ...)
  local a3 = select(3 % 3 + 1, ...)
  local a4 = select(4 % 3 + 1, ...)
  local a5 = select(5 % 3 + 1, ...)
  local a6 = select(6 % 3 + 1, ...)
  local a7 = select(7 % 3 + 1, ...)
  local a8 = select(8 % 3 + 1, ...)
  local a9 = select(9 % 3 + 1, ...)
  local a10 = select(10 % 3 + 1, ...)
  local a11 = select(11 % 3 + 1, ...)
  local a12 = select(12 % 3 + 1, ...)
  local a13 = select(13 % 3 + 1, ...)
  local a14 = select(14 % 3 + 1, ...)
  local a15 = select(15 % 3 + 1, ...)
  local a16 = select(16 % 3 + 1, ...)
  local a17 = select(17 % 3 + 1, ...)
  local a18 = select(18 % 3 + 1, ...)
  local a19 = select(19 % 3 + 1, ...)
  local a20 = select(20 % 3 + 1, ...)
  local a21 = select(21 % 3 + 1, ...)
  local a22 = select(22 % 3 + 1, ...)
  local a23 = select(23 % 3 + 1, ...)
  local a24 = select(24 % 3 + 1, ...)
  local a25 = select(25 % 3 + 1, ...)
  local a26 = select(26 % 3 + 1, ...)
  local a27 = select(27 % 3 + 1, ...)
  local a28 = select(28 % 3 + 1, ...)
  local a29 = select(29 % 3 + 1, ...)
  local a30 = select(30 % 3 + 1, ...)
  local a31 = select(31 % 3 + 1, ...)
  local a32 = select(32 % 3 + 1, ...)
  local a33 = select(33 % 3 + 1, ...)
  local a34 = select(34 % 3 + 1, ...)
  local a35 = select(35 % 3 + 1, ...)
  local a36 = select(36 % 3 + 1, ...)
  local a37 = select(37 % 3 + 1, ...)
  local a38 = select(38 % 3 + 1, ...)
  local a39 = select(39 % 3 + 1, ...)
  local a40 = select(40 % 3 + 1, ...)
  local a41 = select(41 % 3 + 1, ...)
  local a42 = select(42 % 3 + 1, ...)
  local a43 = select(43 % 3 + 1, ...)
  local a44 = select(44 % 3 + 1, ...)
  local a45 = select(45 % 3 + 1, ...)
  local a46 = select(46 % 3 + 1, ...)
  local a47 = select(47 % 3 + 1, ...)
  local a48 = select(48 % 3 + 1, ...)
  local a49 = select(49 % 3 + 1, ...)
  local a50 = select(50 % 3 + 1, ...)
  local a51 = select(51 % 3 + 1, ...)
  local a52 = select(52 % 3 + 1, ...)
  local a53 = select(53 % 3 + 1, ...)
  local a54 = select(54 % 3 + 1, ...)
  local a55 = select(55 % 3 + 1, ...)
  local a56 = select(56 % 3 + 1, ...)
  local a57 = select(57 % 3 + 1, ...)
  local a58 = select(58 % 3 + 1, ...)
  local a59 = select(59 % 3 + 1, ...)
  local a60 = select(60 % 3 + 1, ...)
  local a61 = select(61 % 3 + 1, ...)
  local a62 = select(62 % 3 + 1, ...)
  local a63 = select(63 % 3 + 1, ...)
  local a64 = select(64 % 3 + 1, ...)
  local a65 = select(65 % 3 + 1, ...)
  local a66 = select(66 % 3 + 1, ...)
  local a67 = select(67 % 3 + 1, ...)
  local a68 = select(68 % 3 + 1, ...)
  local a69 = select(69 % 3 + 1, ...)
  local a70 = select(70 % 3 + 1, ...)
  local a71 = select(71 % 3 + 1, ...)
  local a72 = select(72 % 3 + 1, ...)
  local a73 = select(73 % 3 + 1, ...)
  local a74 = select(74 % 3 + 1, ...)
  local a75 = select(75 % 3 + 1, ...)
  local a76 = select(76 % 3 + 1, ...)
  local a77 = select(77 % 3 + 1, ...)
  local a78 = select(78 % 3 + 1, ...)
  local a79 = select(79 % 3 + 1, ...)
  local a80 = select(80 % 3 + 1, ...)
  local a81 = select(81 % 3 + 1, ...)
  local a82 = select(82 % 3 + 1, ...)
  local a83 = select(83 % 3 + 1, ...)
  local a84 = select(84 % 3 + 1, ...)
  local a85 = select(85 % 3 + 1, ...)
  local a86 = select(86 % 3 + 1, ...)
  local a87 = select(87 % 3 + 1, ...)
  local a88 = select(88 % 3 + 1, ...)
  local a89 = select(89 % 3 + 1, ...)
  local a90 = select(90 % 3 + 1, ...)
  local a91 = select(91 % 3 + 1, ...)
  local a92 = select(92 % 3 + 1, ...)
  local a93 = select(93 % 3 + 1, ...)
  local a94 = select(94 % 3 + 1, ...)
  local a95 = select(95 % 3 + 1, ...)
  local a96 = select(96 % 3 + 1, ...)
  local a97 = select(97 % 3 + 1, ...)
  local a98 = select(98 % 3 + 1, ...)
  local a99 = select(99 % 3 + 1, ...)
  local a100 = select(100 % 3 + 1, ...)
  local a101 = select(101 % 3 + 1, ...)
  local a102 = select(102 % 3 + 1, ...)
  local a103 = select(103 % 3 + 1, ...)
  local a104 = select(104 % 3 + 1, ...)
  local a105 = select(105 % 3 + 1, ...)
  local a106 = select(106 % 3 + 1, ...)
  local a107 = select(107 % 3 + 1, ...)
  local a108 = select(108 % 3 + 1, ...)
  local a109 = select(109 % 3 + 1, ...)
  local a110 = select(110 % 3 + 1, ...)
  local a111 = select(111 % 3 + 1, ...)
  local a112 = select(112 % 3 + 1, ...)
  local a113 = select(113 % 3 + 1, ...)
  local a114 = select(114 % 3 + 1, ...)
  local a115 = select(115 % 3 + 1, ...)
  local a116 = select(116 % 3 + 1, ...)
  local a117 = select(117 % 3 + 1, ...)
  local a118 = select(118 % 3 + 1, ...)
  local a119 = select(119 % 3 + 1, ...)
  local a120 = select(120 % 3 + 1, ...)
  local a121 = select(121 % 3 + 1, ...)
  local a122 = select(122 % 3 + 1, ...)
  local a123 = select(123 % 3 + 1, ...)
  local a124 = select(124 % 3 + 1, ...)
  local a125 = select(125 % 3 + 1, ...)
  local a126 = select(126 % 3 + 1, ...)
  local a127 = select(127 % 3 + 1, ...)
  local a128 = select(128 % 3 + 1, ...)
  local a129 = select(129 % 3 + 1, ...)
  local a130 = select(130 % 3 + 1, ...)
  local a131 = select(131 % 3 + 1, ...)
  local a132 = select(132 % 3 + 1, ...)
  local a133 = select(133 % 3 + 1, ...)
  local a134 = select(134 % 3 + 1, ...)
  local a135 = select(135 % 3 + 1, ...)
  local a136 = select(136 % 3 + 1, ...)
  local a137 = select(137 % 3 + 1, ...)
  local a138 = select(138 % 3 + 1, ...)
  local a139 = select(139 % 3 + 1, ...)
  local a140 = select(140 % 3 + 1, ...)
  local a141 = select(141 % 3 + 1, ...)
  local a142 = select(142 % 3 + 1, ...)
  local a143 = select(143 % 3 + 1, ...)
  local a144 = select(144 % 3 + 1, ...)
  local a145 = select(145 % 3 + 1, ...)
  local a146 = select(146 % 3 + 1, ...)
  local a147 = select(147 % 3 + 1, ...)
  local a148 = select(148 % 3 + 1, ...)
  local a149 = select(149 % 3 + 1, ...)
  local a150 = select(150 % 3 + 1, ...)
  local function inner(...)
    a150 = (a150 or 0) + select('#', ...)
    return function() a149 = a150 return a149, self == o end
  end
  local n = select('#', ...)
  return n, inner(1, nil)(), a149, a148, ...
end
print(o:f(5, 6, 7))
print(o:f(5, 6, 7))
