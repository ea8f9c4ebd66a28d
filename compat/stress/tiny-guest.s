# The guest of tiny-guest.ts, assembled by
#   as --32 tiny-guest.s -o t.o && ld -m elf_i386 -Ttext 0 --oformat binary t.o -o t.bin
# QEMU starts it as a Linux kernel: the "setup" part alone, in real mode, with the BIOS at hand.
# It prints its own name and that of the first file of its initrd on the serial port, writes
# some sectors, and powers off (ACPI, as QEMU's PCs have it).
.code16
.org 0x1f1
  .byte 2               # sectors of setup, besides the first
.org 0x1fe
  .word 0xaa55
.org 0x200
  .byte 0xeb, 0x3e
  .ascii "HdrS"
  .word 0x206           # version of the boot protocol
.org 0x211
  .byte 1               # loaded high
.org 0x22c
  .long 0x37ffffff      # highest address for the initrd
.org 0x240
  jmp start
.org 0x300
writes: .word 16
ticks:  .word 2
.org 0x310              # tiny-guest.ts writes these three
ident:  .asciz ""
.org 0x340
hello:  .asciz "tiny guest: kernel "
with:   .asciz ", initrd "
wrote:  .asciz "tiny guest: written\r\n"
.org 0x380
dap:    .byte 16, 0
        .word 1
        .word 0x200, 0x1000
lba:    .long 2048, 0
.org 0x390
gdt:    .fill 16
        .word 0xffff
srclo:  .word 0
srcmid: .byte 0
        .byte 0x93
        .byte 0
srchi:  .byte 0
        .word 0xffff
        .word 0x1000
        .byte 0x01
        .byte 0x93, 0, 0
        .fill 16
.org 0x3d0
start:
  mov $0x1000, %ax
  mov %ax, %ds
  mov %ax, %es
  cld
  sti
  mov $hello, %si
  call print
  mov $ident, %si
  call print
  mov $with, %si
  call print
  mov 0x218, %eax
  mov %ax, srclo
  shr $16, %eax
  mov %al, srcmid
  mov %ah, srchi
  mov $gdt, %si
  mov $128, %cx
  mov $0x87, %ah
  int $0x15
  push %ds
  pop %es
  mov $0x1000+110, %si
  call print
  mov $0x0d, %al
  call putc
  mov $0x0a, %al
  call putc
  mov writes, %cx
again:
  push %cx
  mov $0x80, %dl
  mov $0x4300, %ax
  mov $dap, %si
  int $0x13
  addl $128, lba        # a cluster of qcow2 each
  mov ticks, %cx
  jcxz next
  push %ds
  xor %ax, %ax
  mov %ax, %ds
tick:
  mov 0x46c, %ax
same:
  hlt
  cmp %ax, 0x46c
  je same
  loop tick
  pop %ds
next:
  pop %cx
  loop again
  mov $wrote, %si
  call print
  mov $0x604, %dx
  mov $0x2000, %ax
  out %ax, %dx
off:
  hlt
  jmp off
print:
  lodsb
  test %al, %al
  jz done
  call putc
  jmp print
putc:
  mov %al, %ah
  mov $0x3fd, %dx
busy:
  in %dx, %al
  test $0x20, %al
  jz busy
  mov $0x3f8, %dx
  mov %ah, %al
  out %al, %dx
done:
  ret
.org 0x800
