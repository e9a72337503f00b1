local a <const>, b = 1, [==[x]==] -- c
function f(...) goto x ::x:: return {a=1, [2]=3; 4} end
for i = 1, 2 do if f"s":m{} then break end end
a.b[1] + 0x1p-4 // -f(1);